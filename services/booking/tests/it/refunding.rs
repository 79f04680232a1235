//! Refunds at the source: made when the gateway says so, and never beside a credit of the wallet.

use crate::razorpay_double::{Razorpay, recorded, webhook, world, world_with};
use crate::world::{World, text};
use chassis::jobs::run_once;
use domain::Role;
use proto_events::booking::v1::{ClawbackRequested, PaymentRefunded, PaymentReturned};
use serde_json::{Value, json};
use testkit::mariadb::with_database;

/// A booking of 500.00 paid online, as the gateway's payment `id`.
pub(crate) async fn paid(world: &World, id: &str) -> Value {
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    webhook(world, &recorded("payment.captured", order, id, 50_000, json!([])), "evt").await.expect(200);
    payment
}

pub(crate) async fn cancel(world: &World, payment: &Value, to: &str) {
    let path = format!("/bookings/{}/cancel", text(payment, "booking_id"));
    world.again().post(&path, json!({ "refund_to": to })).await.expect(200);
}

pub(crate) async fn refund(world: &World, payment: &Value) -> Value {
    world.payment(text(payment, "id")).await["refund"].clone()
}

pub(crate) async fn status(world: &World, payment: &Value) -> String {
    text(&refund(world, payment).await, "status").to_owned()
}

/// Runs the job `refunds` when its next attempt is due.
async fn send(world: &World) {
    world.service.clock.advance_secs(3_600);
    world.service.run_job("refunds").await;
}

/// What the wallet was credited with and asked to give back, in paise.
pub(crate) async fn moved(world: &World) -> (i64, i64) {
    let credited = world.service.published::<PaymentReturned>().await.iter().map(|r| r.amount_paise).sum();
    let clawed = world.service.published::<ClawbackRequested>().await.iter().map(|r| r.amount_paise).sum();
    (credited, clawed)
}

/// What has gone back at the gateway, in paise.
fn at_source(razorpay: &Razorpay) -> i64 {
    razorpay.refunds().iter().filter(|r| r["status"] == "processed").filter_map(|r| r["amount"].as_i64()).sum()
}

pub(crate) async fn tell(world: &World, kind: &str, refund: &Value) {
    let message = json!({
        "entity": "event", "event": kind, "contains": ["refund", "payment"],
        "payload": { "refund": { "entity": refund }, "payment": { "entity": { "id": refund["payment_id"] } } },
        "created_at": 1_567_674_606, "another_each_time": chassis::id::fresh::<uuid::Uuid>().to_string()
    });
    webhook(world, &message.to_string(), "evt").await.expect(200);
}

async fn reported(world: &World, outcome: &str) -> Vec<Value> {
    let found = world.staff().get(&format!("/payments/gateway-refunds?outcome={outcome}")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn a_payment_refunded_in_the_dashboard_is_not_credited_to_the_wallet_when_its_booking_is_cancelled() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    razorpay.refund_in_dashboard("pay_1", 50_000, "processed");
    cancel(&world, &payment, "source").await;
    send(&world).await;
    assert_eq!(status(&world, &payment).await, "done");
    assert_eq!((at_source(&razorpay), moved(&world).await), (50_000, (0, 0)));
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_that_was_made_and_not_answered_is_found_and_credited_nowhere_else() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    cancel(&world, &payment, "source").await;
    razorpay.lose_answer();
    world.service.run_job("refunds").await;
    // Then the key is changed: neither the list nor a request is answered.
    razorpay.unauthorized(3);
    for _ in 0..3 {
        send(&world).await;
    }
    let open = refund(&world, &payment).await;
    assert_eq!((text(&open, "status"), open["unknown_since"].is_null()), ("sent", false));
    assert_eq!(moved(&world).await, (0, 0));
    send(&world).await;
    assert_eq!(status(&world, &payment).await, "done");
    assert_eq!((at_source(&razorpay), razorpay.refunds().len(), moved(&world).await), (50_000, 1, (0, 0)));
    assert!(refund(&world, &payment).await["unknown_since"].is_null());
    world.service.finish().await;
}

#[tokio::test]
async fn what_is_no_refusal_credits_nothing_and_is_tried_ever_less_often() {
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
        let world = world(&razorpay).await;
        let payment = paid(&world, "pay_1").await;
        cancel(&world, &payment, "source").await;
        razorpay.next(status_code, body.clone());
        world.service.run_job("refunds").await;
        assert_eq!(status(&world, &payment).await, "sent", "{status_code} {body}");
        let calls = razorpay.calls().len();
        world.service.clock.advance_secs(14);
        world.service.run_job("refunds").await;
        assert_eq!(razorpay.calls().len(), calls, "not before its next attempt");
        world.service.clock.advance_secs(1);
        world.service.run_job("refunds").await;
        assert_eq!(status(&world, &payment).await, "done", "{status_code} {body}");
        assert_eq!((at_source(&razorpay), moved(&world).await), (50_000, (0, 0)));
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_refund_that_is_under_way_is_done_when_the_gateway_says_so() {
    for told in [true, false] {
        let razorpay = Razorpay::default();
        razorpay.refunds_are("pending");
        let world = world(&razorpay).await;
        let payment = paid(&world, "pay_1").await;
        cancel(&world, &payment, "source").await;
        world.service.run_job("refunds").await;
        let open = refund(&world, &payment).await;
        assert_eq!((text(&open, "status"), text(&open, "gateway_refund_id")), ("sent", "rfnd_1"));
        razorpay.set_refund("rfnd_1", "processed");
        if told {
            for _ in 0..2 {
                tell(&world, "refund.processed", &razorpay.refunds()[0]).await;
            }
        } else {
            send(&world).await;
        }
        assert_eq!(status(&world, &payment).await, "done", "{told}");
        assert_eq!((razorpay.refunds().len(), moved(&world).await), (1, (0, 0)));
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_refund_that_fails_after_it_was_accepted_goes_to_the_wallet_and_is_clawed_back_if_it_is_made_after_all() {
    let razorpay = Razorpay::default();
    razorpay.refunds_are("pending");
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    cancel(&world, &payment, "source").await;
    world.service.run_job("refunds").await;
    razorpay.set_refund("rfnd_1", "failed");
    let failed = razorpay.refunds()[0].clone();
    for _ in 0..2 {
        tell(&world, "refund.failed", &failed).await;
    }
    // The gateway is asked first.
    assert_eq!((status(&world, &payment).await, moved(&world).await), ("sent".to_owned(), (0, 0)));
    world.service.run_job("refunds").await;
    assert_eq!((status(&world, &payment).await, moved(&world).await), ("failed".to_owned(), (50_000, 0)));
    razorpay.set_refund("rfnd_1", "processed");
    for _ in 0..2 {
        tell(&world, "refund.processed", &razorpay.refunds()[0]).await;
        tell(&world, "refund.failed", &failed).await;
    }
    assert_eq!((status(&world, &payment).await, moved(&world).await), ("done".to_owned(), (50_000, 50_000)));
    let clawback = world.service.published::<ClawbackRequested>().await.remove(0);
    let credit = world.service.published::<PaymentReturned>().await.remove(0);
    assert_eq!((clawback.return_id, clawback.refund_id), (Some(credit.return_id), None));
    assert_eq!(clawback.gateway_refund_id, "rfnd_1");
    world.service.finish().await;
}

#[tokio::test]
async fn a_whole_refund_in_the_dashboard_refunds_the_payment_here_once() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    let pending = razorpay.refund_in_dashboard("pay_1", 50_000, "pending");
    tell(&world, "refund.created", &pending).await;
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    razorpay.set_refund("rfnd_1", "processed");
    for _ in 0..3 {
        tell(&world, "refund.processed", &razorpay.refunds()[0]).await;
    }
    let shown = world.payment(text(&payment, "id")).await;
    assert_eq!((&shown["status"], &shown["refund"]["status"]), (&json!("refunded"), &json!("done")));
    assert_eq!(shown["refund"]["requested_by"], "gateway");
    assert_eq!(shown["refund"]["refund_to"], "source");
    assert_eq!(world.booking(text(&payment, "booking_id")).await["total_paid"], "0.00");
    let refunded: Vec<PaymentRefunded> = world.service.published().await;
    assert_eq!((refunded.len(), refunded[0].refund_to.as_str()), (1, "source"));
    assert_eq!(refunded[0].standing.expect("a standing").net_paid_after_paise, 0);
    assert_eq!(moved(&world).await, (0, 0));
    send(&world).await;
    assert_eq!((razorpay.refunds().len(), reported(&world, "unmatched").await.len()), (1, 0));
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_in_the_dashboard_whose_message_is_lost_is_found_when_its_beginning_was_told() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    let pending = razorpay.refund_in_dashboard("pay_1", 50_000, "pending");
    tell(&world, "refund.created", &pending).await;
    razorpay.set_refund("rfnd_1", "processed");
    world.service.run_job("gateway_refunds").await;
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed", "it is asked about after a while");
    world.service.clock.advance_secs(900);
    world.service.run_job("gateway_refunds").await;
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "refunded");
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_in_the_dashboard_of_which_no_message_comes_is_found_in_the_list() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let (whole, part) = (paid(&world, "pay_1").await, paid(&world, "pay_2").await);
    razorpay.refund_in_dashboard("pay_2", 20_000, "processed");
    // More than a page, and one that cannot be read.
    for n in 0..120 {
        razorpay.refund_in_dashboard(&format!("pay_other_{n}"), 100, "processed");
    }
    razorpay.refund_in_dashboard("pay_1", 50_000, "processed");
    razorpay.refund_in_dashboard("", 1, "processed");
    razorpay.next(502, json!({}));
    razorpay.next(502, json!({}));
    let job = world.service.started.jobs.iter().find(|j| j.name == "reconcile").expect("a job");
    run_once(job, world.service.ctx()).await.expect_err("the list does not answer");
    for _ in 0..2 {
        world.service.clock.advance_secs(60);
        world.service.run_job("reconcile").await;
    }
    assert_eq!(world.payment(text(&whole, "id")).await["status"], "refunded");
    assert_eq!(world.payment(text(&part, "id")).await["status"], "completed");
    assert_eq!(world.service.published::<PaymentRefunded>().await.len(), 1);
    let unmatched = reported(&world, "unmatched").await;
    assert!(unmatched.iter().any(|refund| refund["gateway_payment_id"] == "pay_2"), "{unmatched:?}");
    assert_eq!(moved(&world).await, (0, 0));
    world.service.finish().await;
}

#[tokio::test]
async fn a_part_refunded_in_the_dashboard_waits_for_staff_and_counts_when_the_rest_is_refunded() {
    for (to, credited, clawed) in [("source", 30_000, 0), ("wallet", 0, 20_000)] {
        let razorpay = Razorpay::default();
        let world = world(&razorpay).await;
        let payment = paid(&world, "pay_1").await;
        let part = razorpay.refund_in_dashboard("pay_1", 20_000, "processed");
        for _ in 0..2 {
            tell(&world, "refund.processed", &part).await;
        }
        assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
        let unmatched = reported(&world, "unmatched").await;
        assert_eq!(
            (unmatched.len(), &unmatched[0]["amount"], &unmatched[0]["payment_id"]),
            (1, &json!("200.00"), &payment["id"])
        );
        assert!(world.service.published::<PaymentRefunded>().await.is_empty());
        let path = format!("/payments/{}/refund", text(&payment, "id"));
        world.service.as_admin().post(&path, json!({ "refund_to": to })).await.expect(200);
        send(&world).await;
        assert_eq!(status(&world, &payment).await, if to == "source" { "failed" } else { "done" });
        assert_eq!((at_source(&razorpay), moved(&world).await), (20_000, (credited, clawed)), "{to}");
        assert!(reported(&world, "unmatched").await.is_empty());
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_refund_of_the_gateway_after_a_credit_of_the_wallet_is_clawed_back_once() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let to_wallet = paid(&world, "pay_1").await;
    cancel(&world, &to_wallet, "wallet").await;
    // A second capture of an order that is paid went to the wallet.
    let order = text(&to_wallet["checkout"], "order_id");
    webhook(&world, &recorded("payment.captured", order, "pay_2", 50_000, json!([])), "evt").await.expect(200);
    assert_eq!(moved(&world).await, (50_000, 0));
    for payment in ["pay_1", "pay_2"] {
        let refund = razorpay.refund_in_dashboard(payment, 50_000, "processed");
        for _ in 0..2 {
            tell(&world, "refund.processed", &refund).await;
        }
    }
    let clawbacks = world.service.published::<ClawbackRequested>().await;
    assert_eq!(clawbacks.iter().map(|c| c.amount_paise).collect::<Vec<_>>(), [50_000, 50_000]);
    let refunded = world.service.published::<PaymentRefunded>().await.remove(0);
    assert_eq!((&clawbacks[0].refund_id, &clawbacks[0].return_id), (&Some(refunded.refund_id), &None));
    let returned = world.service.published::<PaymentReturned>().await.remove(0);
    assert_eq!((&clawbacks[1].refund_id, &clawbacks[1].return_id), (&None, &Some(returned.return_id)));
    assert_ne!(clawbacks[0].clawback_id, clawbacks[1].clawback_id);
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_that_is_told_before_its_capture_counts_when_the_capture_comes() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let refund = razorpay.refund_in_dashboard("pay_1", 50_000, "processed");
    tell(&world, "refund.processed", &refund).await;
    assert_eq!(reported(&world, "unmatched").await.len(), 1);
    let order = text(&payment["checkout"], "order_id");
    webhook(&world, &recorded("payment.captured", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "refunded");
    assert_eq!((reported(&world, "unmatched").await.len(), moved(&world).await), (0, (0, 0)));
    world.service.finish().await;
}

#[tokio::test]
async fn money_that_no_payment_was_for_is_settled_by_its_refund() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    webhook(&world, &recorded("payment.captured", "order_of_nobody", "pay_1", 50_000, json!([])), "evt")
        .await
        .expect(200);
    let refund = razorpay.refund_in_dashboard("pay_1", 50_000, "processed");
    tell(&world, "refund.processed", &refund).await;
    let left = world.staff().get("/payments/captures?outcome=unknown_order").await.expect(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(0));
    assert!(reported(&world, "unmatched").await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn nobody_refunds_a_payment_of_their_own() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = paid(&world, "pay_1").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let own = world.service.as_role(world.member, Role::Admin);
    assert_eq!(own.act(&path).await.problem(403), "booking.own");
    assert_eq!(world.service.as_admin().act(&path).await.expect(200)["status"], "refunded");
    world.service.finish().await;
}

#[tokio::test]
async fn refunds_are_sent_found_and_clawed_back_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let world = world_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        let payments = [paid(&world, "pay_1").await, paid(&world, "pay_2").await];
        razorpay.refunds_are("pending");
        for payment in &payments {
            cancel(&world, payment, "source").await;
        }
        razorpay.lose_answer();
        world.service.run_job("refunds").await;
        send(&world).await;
        assert_eq!(razorpay.refunds().len(), 2);
        for refund in razorpay.refunds() {
            razorpay.set_refund(text(&refund, "id"), "failed");
        }
        let failed = razorpay.refunds();
        futures_util::future::join_all(failed.iter().chain(&failed).map(|r| tell(&world, "refund.failed", r))).await;
        send(&world).await;
        assert_eq!(moved(&world).await, (100_000, 0));
        for refund in razorpay.refunds() {
            razorpay.set_refund(text(&refund, "id"), "processed");
        }
        let made = razorpay.refunds();
        let told = made.iter().chain(&made).map(|r| tell(&world, "refund.processed", r));
        futures_util::future::join(futures_util::future::join_all(told), world.service.run_job("gateway_refunds"))
            .await;
        assert_eq!(moved(&world).await, (100_000, 100_000));
        for payment in &payments {
            assert_eq!(status(&world, payment).await, "done");
        }
        world.service.finish().await;
    })
    .await;
}
