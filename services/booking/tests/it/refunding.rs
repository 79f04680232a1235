//! Refunds at the source, reported refunds, and clawbacks.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{Razorpay, fixture, fixture_with, recorded, webhook};
use domain::Role;
use proto_events::booking::v1::{ClawbackRequested, PaymentRefunded, PaymentReturned};
use serde_json::{Value, json};
use testkit::mariadb::with_database;

/// A payment of 500.00 on a new booking, captured with the gateway payment id `id`.
pub(crate) async fn captured_payment(fixture: &Fixture, id: &str) -> Value {
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    webhook(fixture, &recorded("payment.captured", order, id, 50_000, json!([])), "evt").await.expect(200);
    payment
}

pub(crate) async fn cancel(fixture: &Fixture, payment: &Value, to: &str) {
    let path = format!("/bookings/{}/cancel", text(payment, "booking_id"));
    fixture.fresh_client().post(&path, json!({ "refund_to": to })).await.expect(200);
}

pub(crate) async fn refund(fixture: &Fixture, payment: &Value) -> Value {
    fixture.payment(text(payment, "id")).await["refund"].clone()
}

pub(crate) async fn status(fixture: &Fixture, payment: &Value) -> String {
    text(&refund(fixture, payment).await, "status").to_owned()
}

/// Runs the job `refunds` when the next attempt is due.
pub(crate) async fn send_due(fixture: &Fixture) {
    fixture.service.clock.advance_secs(3_600);
    fixture.service.run_job("refunds").await;
}

/// Amounts credited to and clawed back from the wallet, in paise.
pub(crate) async fn wallet_movements(fixture: &Fixture) -> (i64, i64) {
    let credited = fixture.service.published::<PaymentReturned>().await.iter().map(|r| r.amount_paise).sum();
    let clawed = fixture.service.published::<ClawbackRequested>().await.iter().map(|r| r.amount_paise).sum();
    (credited, clawed)
}

/// Amount refunded at the gateway, in paise.
pub(crate) fn refunded_at_source(razorpay: &Razorpay) -> i64 {
    razorpay.refunds().iter().filter(|r| r["status"] == "processed").filter_map(|r| r["amount"].as_i64()).sum()
}

pub(crate) async fn send_refund_webhook(fixture: &Fixture, kind: &str, refund: &Value) {
    let message = json!({
        "entity": "event", "event": kind, "contains": ["refund", "payment"],
        "payload": { "refund": { "entity": refund }, "payment": { "entity": { "id": refund["payment_id"] } } },
        "created_at": 1_567_674_606, "another_each_time": runtime::id::fresh::<uuid::Uuid>().to_string()
    });
    webhook(fixture, &message.to_string(), "evt").await.expect(200);
}

pub(crate) async fn reported(fixture: &Fixture, outcome: &str) -> Vec<Value> {
    let found = fixture.staff().get(&format!("/payments/gateway-refunds?outcome={outcome}")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn cancelling_a_booking_refunded_in_the_dashboard_does_not_credit_the_wallet() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    cancel(&fixture, &payment, "source").await;
    send_due(&fixture).await;
    assert_eq!(status(&fixture, &payment).await, "done");
    assert_eq!((refunded_at_source(&razorpay), wallet_movements(&fixture).await), (50_000, (0, 0)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_and_not_credited_to_the_wallet() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    cancel(&fixture, &payment, "source").await;
    razorpay.lose_next_answer();
    fixture.service.run_job("refunds").await;
    // Then authentication fails for lists and requests.
    razorpay.fail_authentication(3);
    for _ in 0..3 {
        send_due(&fixture).await;
    }
    let open = refund(&fixture, &payment).await;
    assert_eq!((text(&open, "status"), open["unknown_since"].is_null()), ("sent", false));
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    send_due(&fixture).await;
    assert_eq!(status(&fixture, &payment).await, "done");
    assert_eq!(
        (refunded_at_source(&razorpay), razorpay.refunds().len(), wallet_movements(&fixture).await),
        (50_000, 1, (0, 0))
    );
    assert!(refund(&fixture, &payment).await["unknown_since"].is_null());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_temporary_error_credits_nothing_and_is_retried() {
    let bad = json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "x" } });
    let poor =
        json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "Your account does not have enough balance" } });
    let gateway = json!({ "error": { "code": "GATEWAY_ERROR", "description": "x" } });
    for (status_code, body) in [
        (401, bad.clone()),
        (403, bad.clone()),
        (404, bad.clone()),
        (409, bad.clone()),
        (429, bad.clone()),
        (500, bad),
        (400, json!("no object")),
        (400, gateway),
        (400, poor),
        (200, json!({ "id": "rfnd_1", "status": "who knows" })),
        (200, json!([])),
    ] {
        let razorpay = Razorpay::default();
        let fixture = fixture(&razorpay).await;
        let payment = captured_payment(&fixture, "pay_1").await;
        cancel(&fixture, &payment, "source").await;
        razorpay.queue_answer(status_code, body.clone());
        fixture.service.run_job("refunds").await;
        assert_eq!(status(&fixture, &payment).await, "sent", "{status_code} {body}");
        let calls = razorpay.calls().len();
        fixture.service.clock.advance_secs(14);
        fixture.service.run_job("refunds").await;
        assert_eq!(razorpay.calls().len(), calls, "not before its next attempt");
        fixture.service.clock.advance_secs(1);
        fixture.service.run_job("refunds").await;
        assert_eq!(status(&fixture, &payment).await, "done", "{status_code} {body}");
        assert_eq!((refunded_at_source(&razorpay), wallet_movements(&fixture).await), (50_000, (0, 0)));
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_pending_refund_is_done_when_the_gateway_reports_it_processed() {
    for by_webhook in [true, false] {
        let razorpay = Razorpay::default();
        razorpay.set_refund_status("pending");
        let fixture = fixture(&razorpay).await;
        let payment = captured_payment(&fixture, "pay_1").await;
        cancel(&fixture, &payment, "source").await;
        fixture.service.run_job("refunds").await;
        let open = refund(&fixture, &payment).await;
        assert_eq!((text(&open, "status"), text(&open, "gateway_refund_id")), ("sent", "rfnd_1"));
        razorpay.set_refund("rfnd_1", "processed");
        if by_webhook {
            for _ in 0..2 {
                send_refund_webhook(&fixture, "refund.processed", &razorpay.refunds()[0]).await;
            }
        } else {
            send_due(&fixture).await;
        }
        assert_eq!(status(&fixture, &payment).await, "done", "{by_webhook}");
        assert_eq!((razorpay.refunds().len(), wallet_movements(&fixture).await), (1, (0, 0)));
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_failed_refund_is_credited_to_the_wallet_and_clawed_back_if_it_is_processed_later() {
    let razorpay = Razorpay::default();
    razorpay.set_refund_status("pending");
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    cancel(&fixture, &payment, "source").await;
    fixture.service.run_job("refunds").await;
    razorpay.set_refund("rfnd_1", "failed");
    let failed = razorpay.refunds()[0].clone();
    for _ in 0..2 {
        send_refund_webhook(&fixture, "refund.failed", &failed).await;
    }
    // The gateway's refunds are listed first.
    assert_eq!((status(&fixture, &payment).await, wallet_movements(&fixture).await), ("sent".to_owned(), (0, 0)));
    fixture.service.run_job("refunds").await;
    assert_eq!(
        (status(&fixture, &payment).await, wallet_movements(&fixture).await),
        ("failed".to_owned(), (50_000, 0))
    );
    razorpay.set_refund("rfnd_1", "processed");
    for _ in 0..2 {
        send_refund_webhook(&fixture, "refund.processed", &razorpay.refunds()[0]).await;
        send_refund_webhook(&fixture, "refund.failed", &failed).await;
    }
    assert_eq!(
        (status(&fixture, &payment).await, wallet_movements(&fixture).await),
        ("done".to_owned(), (50_000, 50_000))
    );
    let clawback = fixture.service.published::<ClawbackRequested>().await.remove(0);
    let credit = fixture.service.published::<PaymentReturned>().await.remove(0);
    assert_eq!((clawback.return_id, clawback.refund_id), (Some(credit.return_id), None));
    assert_eq!(clawback.gateway_refund_id, "rfnd_1");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_gateway_refund_after_a_wallet_credit_is_clawed_back_once() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let to_wallet = captured_payment(&fixture, "pay_1").await;
    cancel(&fixture, &to_wallet, "wallet").await;
    // A second capture of the paid order is returned to the wallet.
    let order = text(&to_wallet["checkout"], "order_id");
    webhook(&fixture, &recorded("payment.captured", order, "pay_2", 50_000, json!([])), "evt").await.expect(200);
    assert_eq!(wallet_movements(&fixture).await, (50_000, 0));
    for payment in ["pay_1", "pay_2"] {
        let refund = razorpay.add_dashboard_refund(payment, 50_000, "processed");
        for _ in 0..2 {
            send_refund_webhook(&fixture, "refund.processed", &refund).await;
        }
    }
    let clawbacks = fixture.service.published::<ClawbackRequested>().await;
    assert_eq!(clawbacks.iter().map(|c| c.amount_paise).collect::<Vec<_>>(), [50_000, 50_000]);
    let refunded = fixture.service.published::<PaymentRefunded>().await.remove(0);
    assert_eq!((&clawbacks[0].refund_id, &clawbacks[0].return_id), (&Some(refunded.refund_id), &None));
    let returned = fixture.service.published::<PaymentReturned>().await.remove(0);
    assert_eq!((&clawbacks[1].refund_id, &clawbacks[1].return_id), (&None, &Some(returned.return_id)));
    assert_ne!(clawbacks[0].clawback_id, clawbacks[1].clawback_id);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_reported_before_its_capture_counts_when_the_capture_arrives() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let refund = razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    send_refund_webhook(&fixture, "refund.processed", &refund).await;
    assert_eq!(reported(&fixture, "unmatched").await.len(), 1);
    let order = text(&payment["checkout"], "order_id");
    webhook(&fixture, &recorded("payment.captured", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "refunded");
    assert_eq!((reported(&fixture, "unmatched").await.len(), wallet_movements(&fixture).await), (0, (0, 0)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_unmatched_capture_is_settled_by_its_refund() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    webhook(&fixture, &recorded("payment.captured", "order_unknown", "pay_1", 50_000, json!([])), "evt")
        .await
        .expect(200);
    let refund = razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    send_refund_webhook(&fixture, "refund.processed", &refund).await;
    let left = fixture.staff().get("/payments/captures?outcome=unknown_order").await.expect(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(0));
    assert!(reported(&fixture, "unmatched").await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_admin_cannot_refund_their_own_payment() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = captured_payment(&fixture, "pay_1").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let own = fixture.service.as_role(fixture.member, Role::Admin);
    assert_eq!(own.post_empty(&path).await.problem(403), "booking.own");
    assert_eq!(fixture.service.as_admin().post_empty(&path).await.expect(200)["status"], "refunded");
    fixture.service.finish().await;
}

#[tokio::test]
async fn refunds_are_sent_found_and_clawed_back_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let fixture = fixture_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        let payments = [captured_payment(&fixture, "pay_1").await, captured_payment(&fixture, "pay_2").await];
        razorpay.set_refund_status("pending");
        for payment in &payments {
            cancel(&fixture, payment, "source").await;
        }
        razorpay.lose_next_answer();
        fixture.service.run_job("refunds").await;
        send_due(&fixture).await;
        assert_eq!(razorpay.refunds().len(), 2);
        for refund in razorpay.refunds() {
            razorpay.set_refund(text(&refund, "id"), "failed");
        }
        let failed = razorpay.refunds();
        futures_util::future::join_all(
            failed.iter().chain(&failed).map(|r| send_refund_webhook(&fixture, "refund.failed", r)),
        )
        .await;
        send_due(&fixture).await;
        assert_eq!(wallet_movements(&fixture).await, (100_000, 0));
        for refund in razorpay.refunds() {
            razorpay.set_refund(text(&refund, "id"), "processed");
        }
        let processed = razorpay.refunds();
        let webhooks = processed.iter().chain(&processed).map(|r| send_refund_webhook(&fixture, "refund.processed", r));
        futures_util::future::join(
            futures_util::future::join_all(webhooks),
            fixture.service.run_job("gateway_refunds"),
        )
        .await;
        assert_eq!(wallet_movements(&fixture).await, (100_000, 100_000));
        for payment in &payments {
            assert_eq!(status(&fixture, payment).await, "done");
        }
        fixture.service.finish().await;
    })
    .await;
}
