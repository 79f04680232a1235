//! Payments that a bank authorised and Razorpay did not capture by itself.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{Call, Razorpay, fixture, fixture_with, recorded, webhook};
use crate::refunding::wallet_movements;
use serde_json::{Value, json};
use testkit::mariadb::with_database;

/// A payment of 500.00 that the bank authorised late, as the gateway lists it.
async fn authorize(fixture: &Fixture, razorpay: &Razorpay, id: &str) -> Value {
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    add_authorized(fixture, razorpay, text(&payment["checkout"], "order_id"), id, 50_000);
    payment
}

fn add_authorized(fixture: &Fixture, razorpay: &Razorpay, order: &str, id: &str, paise: i64) {
    let message: Value =
        serde_json::from_str(&recorded("payment.authorized", order, id, paise, json!([]))).expect("JSON");
    let mut listed = message["payload"]["payment"]["entity"].clone();
    (listed["status"], listed["captured"]) = (json!("authorized"), json!(false));
    listed["created_at"] = json!(fixture.service.now().utc().timestamp());
    razorpay.add_payment(listed);
}

async fn report(fixture: &Fixture, payment: &Value, id: &str) {
    let order = text(&payment["checkout"], "order_id");
    webhook(fixture, &recorded("payment.authorized", order, id, 50_000, json!([])), "evt").await.expect(200);
}

async fn check_orders(fixture: &Fixture, after_secs: i64) {
    fixture.service.clock.advance_secs(after_secs);
    fixture.service.run_job("orders").await;
}

fn captured(razorpay: &Razorpay) -> Vec<Call> {
    razorpay.calls().into_iter().filter(|call| call.path.ends_with("/capture")).collect()
}

async fn status(fixture: &Fixture, payment: &Value) -> String {
    text(&fixture.payment(text(payment, "id")).await, "status").to_owned()
}

#[tokio::test]
async fn an_authorised_payment_is_captured_a_minute_after_its_message() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = authorize(&fixture, &razorpay, "pay_1").await;
    for _ in 0..2 {
        report(&fixture, &payment, "pay_1").await;
    }
    let processed = fixture.staff().get("/payments/webhook-events?state=processed").await.expect(200);
    assert_eq!(processed["items"][0]["kind"], "payment.authorized");
    check_orders(&fixture, 59).await;
    assert!(captured(&razorpay).is_empty(), "the gateway may capture it by itself");
    check_orders(&fixture, 1).await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    let calls = captured(&razorpay);
    assert_eq!((calls.len(), calls[0].path.as_str()), (1, "/v1/payments/pay_1/capture"));
    assert_eq!(calls[0].body, json!({ "amount": 50_000, "currency": "INR" }));
    // The message of the capture, and later checks, change nothing.
    let order = text(&payment["checkout"], "order_id");
    webhook(&fixture, &recorded("payment.captured", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    check_orders(&fixture, 3_600).await;
    assert_eq!((captured(&razorpay).len(), fixture.completed_payments().await.len()), (1, 1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_authorised_payment_without_a_message_is_captured_by_the_order_check() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = authorize(&fixture, &razorpay, "pay_1").await;
    // The gateway said that the payment failed, before the bank authorised it.
    let order = text(&payment["checkout"], "order_id");
    webhook(&fixture, &recorded("payment.failed", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    assert_eq!(status(&fixture, &payment).await, "failed");
    check_orders(&fixture, 600).await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    assert_eq!(captured(&razorpay).len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_authorised_payment_that_is_not_accepted_is_left_to_the_gateway() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let superseded = authorize(&fixture, &razorpay, "pay_1").await;
    fixture.pay(text(&superseded, "booking_id"), "500.00", "online").await;
    let cancelled = authorize(&fixture, &razorpay, "pay_2").await;
    let path = format!("/bookings/{}/cancel", text(&cancelled, "booking_id"));
    fixture.fresh_client().post_empty(&path).await.expect(200);
    let other_amount = fixture.book("500.00").await;
    let other_amount = fixture.pay(text(&other_amount, "id"), "500.00", "online").await;
    add_authorized(&fixture, &razorpay, text(&other_amount["checkout"], "order_id"), "pay_3", 49_999);
    let twice = authorize(&fixture, &razorpay, "pay_4").await;
    add_authorized(&fixture, &razorpay, text(&twice["checkout"], "order_id"), "pay_5", 50_000);
    report(&fixture, &superseded, "pay_1").await;
    check_orders(&fixture, 600).await;
    // Of two authorised payments of one order, the first in the list is captured.
    let paths: Vec<String> = captured(&razorpay).into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/v1/payments/pay_5/capture"]);
    assert_eq!(status(&fixture, &twice).await, "completed");
    assert_eq!((fixture.completed_payments().await.len(), wallet_movements(&fixture).await), (1, (0, 0)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_that_is_refused_is_not_repeated_every_minute() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = authorize(&fixture, &razorpay, "pay_1").await;
    report(&fixture, &payment, "pay_1").await;
    let refusal = json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "The payment has been expired" } });
    razorpay.queue_answer(400, refusal);
    razorpay.queue_answer(200, razorpay.listing(0, 1));
    check_orders(&fixture, 60).await;
    check_orders(&fixture, 60).await;
    assert_eq!((captured(&razorpay).len(), status(&fixture, &payment).await.as_str()), (1, "pending"));
    check_orders(&fixture, 600).await;
    assert_eq!((captured(&razorpay).len(), status(&fixture, &payment).await.as_str()), (2, "completed"));
    fixture.service.finish().await;
}

async fn a_lost_answer_is_found(fixture: &Fixture, razorpay: &Razorpay) {
    let payment = authorize(fixture, razorpay, "pay_1").await;
    report(fixture, &payment, "pay_1").await;
    // The order is listed, the capture takes effect, and its answer is lost. Queued answers are used last first.
    razorpay.lose_next_answer();
    razorpay.queue_answer(200, razorpay.listing(0, 1));
    check_orders(fixture, 60).await;
    assert_eq!(status(fixture, &payment).await, "pending");
    check_orders(fixture, 60).await;
    assert_eq!(status(fixture, &payment).await, "completed");
    assert_eq!((captured(razorpay).len(), fixture.completed_payments().await.len()), (1, 1));
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_found_and_not_made_again() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    a_lost_answer_is_found(&fixture, &razorpay).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_found_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let fixture = fixture_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        a_lost_answer_is_found(&fixture, &razorpay).await;
        fixture.service.finish().await;
    })
    .await;
}
