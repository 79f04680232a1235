//! Money that is taken up late counts when its gateway took it.

use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use crate::world::{World, sign, text};
use domain::Plan;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
use serde_json::{Value, json};

fn at(text: &str) -> domain::Timestamp {
    text.parse().expect("a time")
}

/// Whole seconds: the clock of a test moves on a little with each look at it.
fn secs(micros: i64) -> i64 {
    micros.div_euclid(1_000_000)
}

fn shown_secs(value: &Value) -> i64 {
    secs(at(value.as_str().expect("a time")).micros())
}

/// An open payment of 500.00 of the evening of 31 March in India, half an hour before midnight; then it is 9 o'clock on
/// 1 April, and another plan is in force.
async fn over_new_year(world: &World) -> Value {
    world.service.clock.set(at("2026-03-31T18:00:00Z"));
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let published = PlanPublished {
        version: 2,
        effective_from: at("2026-03-31T18:30:00Z").micros(),
        plan_json: serde_json::to_string(&Plan::fixed()).expect("a plan"),
        published_by: world.member.into(),
        published_at: world.service.now().micros(),
    };
    world.service.deliver(world.service.now(), &published).await;
    world.service.clock.set(at("2026-04-01T03:30:00Z"));
    payment
}

async fn signed(world: &World, payment: &Value, captured_at: Option<&str>) {
    let order = text(&payment["checkout"], "order_id");
    let body = json!({
        "event": "payment.captured", "order_id": order, "gateway_payment_id": "pay_1", "amount": "500.00",
        "captured_at": captured_at
    });
    world.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
}

#[tokio::test]
async fn a_capture_counts_on_the_day_and_under_the_plan_of_when_it_was_taken() {
    for (captured_at, counts_at, plan) in [
        (Some("2026-03-31T18:29:59Z"), "2026-03-31T18:29:59Z", 1),
        (Some("2026-03-31T18:30:00Z"), "2026-03-31T18:30:00Z", 2),
        // Not before the order was made, and not after now.
        (Some("2026-03-31T17:00:00Z"), "2026-03-31T18:00:00Z", 1),
        (Some("2026-04-01T03:30:01Z"), "2026-04-01T03:30:00Z", 2),
        (None, "2026-04-01T03:30:00Z", 2),
    ] {
        let world = World::start().await;
        let payment = over_new_year(&world).await;
        signed(&world, &payment, captured_at).await;
        let told = world.completed().await.remove(0);
        let counts_at = secs(at(counts_at).micros());
        assert_eq!((secs(told.completed_at), told.plan_version), (counts_at, plan), "{captured_at:?}");
        let shown = world.payment(text(&payment, "id")).await;
        assert_eq!(shown_secs(&shown["completed_at"]), counts_at);
        let booking = world.booking(text(&payment, "booking_id")).await;
        assert_eq!(shown_secs(&booking["confirmed_at"]), counts_at);
        // The books go on in the order in which things take effect.
        let changed: Vec<BookingChanged> = world.service.published().await;
        let changed_at = changed.last().expect("a snapshot").changed_at;
        assert_eq!(secs(changed_at), secs(at("2026-04-01T03:30:00Z").micros()));
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_capture_that_no_message_told_of_counts_when_the_list_says_so() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    let payment = over_new_year(&world).await;
    let order = text(&payment["checkout"], "order_id");
    let message: Value =
        serde_json::from_str(&recorded("payment.captured", order, "pay_1", 50_000, json!([]))).expect("JSON");
    let mut listed = message["payload"]["payment"]["entity"].clone();
    listed["created_at"] = json!(at("2026-03-31T18:10:00Z").utc().timestamp());
    razorpay.take(listed);
    world.service.run_job("reconcile").await;
    let told = world.completed().await.remove(0);
    assert_eq!((told.completed_at, told.plan_version), (at("2026-03-31T18:10:00Z").micros(), 1));
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_for_an_order_that_turns_up_later_counts_when_it_was_taken() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    world.service.clock.set(at("2026-03-31T18:00:00Z"));
    let booked = world.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    for _ in 0..2 {
        razorpay.next(503, json!({}));
    }
    assert_eq!(world.again().post_with_key(&path, "k", body.clone()).await.status, 503);
    // Its order was made all the same, and was paid before midnight.
    let mut message: Value =
        serde_json::from_str(&recorded("payment.captured", "order_Abc3", "pay_1", 50_000, json!([]))).expect("JSON");
    message["created_at"] = json!(at("2026-03-31T18:20:00Z").utc().timestamp());
    world.service.clock.set(at("2026-03-31T18:45:00Z"));
    webhook(&world, &message.to_string(), "evt").await.expect(200);
    assert!(world.completed().await.is_empty());
    world.again().post_with_key(&path, "k", body).await.expect(201);
    let told = world.completed().await.remove(0);
    assert_eq!(told.completed_at, at("2026-03-31T18:20:00Z").micros());
    world.service.finish().await;
}
