//! Captures that are processed late count from their capture time.

use crate::fixture::{Fixture, sign, text};
use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use domain::Plan;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
use serde_json::{Value, json};

fn at(text: &str) -> domain::Timestamp {
    text.parse().expect("a time")
}

/// Whole seconds, because the test clock advances a little with each reading.
fn secs(micros: i64) -> i64 {
    micros.div_euclid(1_000_000)
}

fn shown_secs(value: &Value) -> i64 {
    secs(at(value.as_str().expect("a time")).micros())
}

/// A pending payment of 500.00 started on 31 March in India, half an hour before midnight. Then another plan takes
/// effect at midnight, and the clock is set to 9 o'clock on 1 April.
async fn payment_before_new_plan(fixture: &Fixture) -> Value {
    fixture.service.clock.set(at("2026-03-31T18:00:00Z"));
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let published = PlanPublished {
        version: 2,
        effective_from: at("2026-03-31T18:30:00Z").micros(),
        plan_json: serde_json::to_string(&Plan::fixed()).expect("a plan"),
        published_by: fixture.member.into(),
        published_at: fixture.service.now().micros(),
    };
    fixture.service.deliver(fixture.service.now(), &published).await;
    fixture.service.clock.set(at("2026-04-01T03:30:00Z"));
    payment
}

async fn signed(fixture: &Fixture, payment: &Value, captured_at: Option<&str>) {
    let order = text(&payment["checkout"], "order_id");
    let body = json!({
        "event": "payment.captured", "order_id": order, "gateway_payment_id": "pay_1", "amount": "500.00",
        "captured_at": captured_at
    });
    fixture.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
}

#[tokio::test]
async fn a_capture_counts_on_the_day_and_under_the_plan_of_its_capture_time() {
    for (captured_at, counts_at, plan) in [
        (Some("2026-03-31T18:29:59Z"), "2026-03-31T18:29:59Z", 1),
        (Some("2026-03-31T18:30:00Z"), "2026-03-31T18:30:00Z", 2),
        // Not before the order was made, and not after now.
        (Some("2026-03-31T17:00:00Z"), "2026-03-31T18:00:00Z", 1),
        (Some("2026-04-01T03:30:01Z"), "2026-04-01T03:30:00Z", 2),
        (None, "2026-04-01T03:30:00Z", 2),
    ] {
        let fixture = Fixture::start().await;
        let payment = payment_before_new_plan(&fixture).await;
        signed(&fixture, &payment, captured_at).await;
        let completed = fixture.completed_payments().await.remove(0);
        let counts_at = secs(at(counts_at).micros());
        assert_eq!((secs(completed.completed_at), completed.plan_version), (counts_at, plan), "{captured_at:?}");
        let shown = fixture.payment(text(&payment, "id")).await;
        assert_eq!(shown_secs(&shown["completed_at"]), counts_at);
        let booking = fixture.booking(text(&payment, "booking_id")).await;
        assert_eq!(shown_secs(&booking["confirmed_at"]), counts_at);
        // `changed_at` is the time of the change, not of the capture.
        let changed: Vec<BookingChanged> = fixture.service.published().await;
        let changed_at = changed.last().expect("a snapshot").changed_at;
        assert_eq!(secs(changed_at), secs(at("2026-04-01T03:30:00Z").micros()));
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_capture_without_a_webhook_counts_from_the_time_in_the_list() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let payment = payment_before_new_plan(&fixture).await;
    let order = text(&payment["checkout"], "order_id");
    let message: Value =
        serde_json::from_str(&recorded("payment.captured", order, "pay_1", 50_000, json!([]))).expect("JSON");
    let mut listed = message["payload"]["payment"]["entity"].clone();
    listed["created_at"] = json!(at("2026-03-31T18:10:00Z").utc().timestamp());
    razorpay.add_payment(listed);
    fixture.service.run_job("reconcile").await;
    let completed = fixture.completed_payments().await.remove(0);
    assert_eq!((completed.completed_at, completed.plan_version), (at("2026-03-31T18:10:00Z").micros(), 1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_whose_order_is_stored_later_counts_from_its_capture_time() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    fixture.service.clock.set(at("2026-03-31T18:00:00Z"));
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    for _ in 0..2 {
        razorpay.queue_answer(503, json!({}));
    }
    assert_eq!(fixture.fresh_client().post_with_key(&path, "k", body.clone()).await.status, 503);
    // The order was created although the answer was lost, and was paid before midnight.
    let mut message: Value =
        serde_json::from_str(&recorded("payment.captured", "order_Abc4", "pay_1", 50_000, json!([]))).expect("JSON");
    message["created_at"] = json!(at("2026-03-31T18:20:00Z").utc().timestamp());
    fixture.service.clock.set(at("2026-03-31T18:45:00Z"));
    webhook(&fixture, &message.to_string(), "evt").await.expect(200);
    assert!(fixture.completed_payments().await.is_empty());
    fixture.fresh_client().post_with_key(&path, "k", body).await.expect(201);
    let completed = fixture.completed_payments().await.remove(0);
    assert_eq!(completed.completed_at, at("2026-03-31T18:20:00Z").micros());
    fixture.service.finish().await;
}
