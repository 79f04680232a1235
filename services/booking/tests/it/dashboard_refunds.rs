//! Refunds made in the gateway's dashboard.

use crate::fixture::text;
use crate::razorpay_double::{Razorpay, fixture};
use crate::refunding::{
    captured_payment, refunded_at_source, reported, send_due, send_refund_webhook, status, wallet_movements,
};
use proto_events::booking::v1::PaymentRefunded;
use runtime::jobs::run_once;
use serde_json::json;

#[tokio::test]
async fn a_full_refund_in_the_dashboard_refunds_the_payment_once() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    let pending = razorpay.add_dashboard_refund("pay_1", 50_000, "pending");
    send_refund_webhook(&fixture, "refund.created", &pending).await;
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    razorpay.set_refund("rfnd_1", "processed");
    for _ in 0..3 {
        send_refund_webhook(&fixture, "refund.processed", &razorpay.refunds()[0]).await;
    }
    let shown = fixture.payment(text(&payment, "id")).await;
    assert_eq!((&shown["status"], &shown["refund"]["status"]), (&json!("refunded"), &json!("done")));
    assert_eq!(shown["refund"]["requested_by"], "gateway");
    assert_eq!(shown["refund"]["refund_to"], "source");
    assert_eq!(fixture.booking(text(&payment, "booking_id")).await["total_paid"], "0.00");
    let refunded: Vec<PaymentRefunded> = fixture.service.published().await;
    assert_eq!((refunded.len(), refunded[0].refund_to.as_str()), (1, "source"));
    assert_eq!(refunded[0].standing.expect("a standing").net_paid_after_paise, 0);
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    send_due(&fixture).await;
    assert_eq!((razorpay.refunds().len(), reported(&fixture, "unmatched").await.len()), (1, 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_dashboard_refund_whose_last_webhook_is_lost_is_found_by_a_status_check() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    let pending = razorpay.add_dashboard_refund("pay_1", 50_000, "pending");
    send_refund_webhook(&fixture, "refund.created", &pending).await;
    razorpay.set_refund("rfnd_1", "processed");
    fixture.service.run_job("gateway_refunds").await;
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed", "the check is due later");
    fixture.service.clock.advance_secs(900);
    fixture.service.run_job("gateway_refunds").await;
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "refunded");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_dashboard_refund_without_a_webhook_is_found_in_the_list() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let (whole, part) = (captured_payment(&fixture, "pay_1").await, captured_payment(&fixture, "pay_2").await);
    razorpay.add_dashboard_refund("pay_2", 20_000, "processed");
    // More than a page, and one that cannot be parsed.
    for n in 0..120 {
        razorpay.add_dashboard_refund(&format!("pay_other_{n}"), 100, "processed");
    }
    razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    razorpay.add_dashboard_refund("", 1, "processed");
    razorpay.queue_answer(502, json!({}));
    razorpay.queue_answer(502, json!({}));
    let job = fixture.service.started.jobs.iter().find(|j| j.name == "reconcile").expect("a job");
    run_once(job, fixture.service.ctx()).await.expect_err("the list does not answer");
    for _ in 0..2 {
        fixture.service.clock.advance_secs(60);
        fixture.service.run_job("reconcile").await;
    }
    assert_eq!(fixture.payment(text(&whole, "id")).await["status"], "refunded");
    assert_eq!(fixture.payment(text(&part, "id")).await["status"], "completed");
    assert_eq!(fixture.service.published::<PaymentRefunded>().await.len(), 1);
    let unmatched = reported(&fixture, "unmatched").await;
    assert!(unmatched.iter().any(|refund| refund["gateway_payment_id"] == "pay_2"), "{unmatched:?}");
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_partial_dashboard_refund_waits_for_staff_and_counts_when_the_rest_is_refunded() {
    for (to, credited, clawed) in [("source", 30_000, 0), ("wallet", 0, 20_000)] {
        let razorpay = Razorpay::default();
        let fixture = fixture(&razorpay).await;
        let payment = captured_payment(&fixture, "pay_1").await;
        let part = razorpay.add_dashboard_refund("pay_1", 20_000, "processed");
        for _ in 0..2 {
            send_refund_webhook(&fixture, "refund.processed", &part).await;
        }
        assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
        let unmatched = reported(&fixture, "unmatched").await;
        assert_eq!(
            (unmatched.len(), &unmatched[0]["amount"], &unmatched[0]["payment_id"]),
            (1, &json!("200.00"), &payment["id"])
        );
        assert!(fixture.service.published::<PaymentRefunded>().await.is_empty());
        let path = format!("/payments/{}/refund", text(&payment, "id"));
        fixture.service.as_admin().post(&path, json!({ "refund_to": to })).await.expect(200);
        send_due(&fixture).await;
        assert_eq!(status(&fixture, &payment).await, if to == "source" { "failed" } else { "done" });
        assert_eq!(
            (refunded_at_source(&razorpay), wallet_movements(&fixture).await),
            (20_000, (credited, clawed)),
            "{to}"
        );
        assert!(reported(&fixture, "unmatched").await.is_empty());
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_dashboard_refund_of_a_delivered_vehicle_waits_for_staff_until_it_is_returned() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    let booking = text(&payment, "booking_id");
    fixture.pay_cash(booking, "44500.00").await;
    let delivery = json!({ "delivered_on": fixture.service.now().day(), "vehicle_number": "EV-0001" });
    fixture.staff().post(&format!("/bookings/{booking}/deliver"), delivery).await.expect(200);
    razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    for _ in 0..2 {
        send_refund_webhook(&fixture, "refund.processed", &razorpay.refunds()[0]).await;
    }
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(reported(&fixture, "unmatched").await.len(), 1);
    let body = json!({ "refund_to": "source", "reason": "brakes" });
    fixture.staff().post(&format!("/bookings/{booking}/return"), body).await.expect(200);
    // The gateway has refunded it already, so it is not asked again.
    send_due(&fixture).await;
    let shown = fixture.payment(text(&payment, "id")).await;
    assert_eq!((&shown["status"], &shown["refund"]["status"]), (&json!("refunded"), &json!("done")), "{shown}");
    assert_eq!((razorpay.refunds().len(), reported(&fixture, "unmatched").await.len()), (1, 0));
    fixture.service.finish().await;
}
