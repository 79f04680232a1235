//! The compensation plan that decides about a payment.

use crate::world::{World, text};
use domain::{Money, PaymentId, Plan};
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::PaymentRefunded;

#[tokio::test]
async fn a_payment_is_decided_by_the_plan_in_force_when_it_completes() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let now = world.service.now();
    let mut plan = Plan::fixed();
    plan.booking.minimum_amount = Money::from_rupees(600);
    let published = PlanPublished {
        version: 2,
        effective_from: now.plus_secs(600).micros(),
        plan_json: serde_json::to_string(&plan).expect("a plan"),
        published_by: world.member.into(),
        published_at: now.micros(),
    };
    for _ in 0..2 {
        world.service.deliver(now, &published).await;
    }
    world.pay_online(id, "500.00").await;
    world.service.clock.advance_secs(600);
    let refused = world.again().post("/bookings", booked_with(&booked, "599.99")).await;
    assert_eq!(refused.problem(422), "booking.booking_amount_too_small");
    world.again().post("/bookings", booked_with(&booked, "600.00")).await.expect(201);
    world.pay_online(id, "4499.99").await;
    world.pay_online(id, "0.01").await;
    world.pay_online(id, "1000.00").await;
    let told = world.completed().await;
    let decided: Vec<_> = told.iter().map(|p| (p.plan_version, p.referral_bonus_paise)).collect();
    assert_eq!(decided, [(1, 2_500), (2, 0), (2, 100_000), (2, 0)]);
    assert!(!told[0].referral_once_a_member && told[1].referral_once_a_member);
    world.service.finish().await;
}

/// Refunds are what they take back, by the plan of the bonus.
#[tokio::test]
async fn a_bonus_that_is_owed_once_goes_when_too_little_is_left_and_not_before() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let now = world.service.now();
    let published = PlanPublished {
        version: 2,
        effective_from: now.micros(),
        plan_json: serde_json::to_string(&Plan::fixed()).expect("a plan"),
        published_by: world.member.into(),
        published_at: now.micros(),
    };
    world.service.deliver(now, &published).await;
    let mut paid = Vec::new();
    for amount in ["4999.00", "1.00", "1.00"] {
        paid.push(text(&world.pay_online(id, amount).await, "id").to_owned());
    }
    let refund = async |payment: &str| {
        let body = serde_json::json!({ "reason": "by mistake", "refund_to": "wallet" });
        world.service.as_admin().post(&format!("/payments/{payment}/refund"), body).await.expect(200);
    };
    // The payment that earned it, and 5,000 are left; then the first one.
    refund(&paid[1]).await;
    refund(&paid[0]).await;
    // What is earned again after that is another's.
    paid.push(text(&world.pay_online(id, "4999.00").await, "id").to_owned());
    refund(&paid[2]).await;
    let earned: Vec<_> = world.completed().await.iter().map(|p| p.referral_bonus_paise).collect();
    assert_eq!(earned, [0, 100_000, 0, 100_000]);
    let told = world.service.published::<PaymentRefunded>().await;
    let taken: Vec<_> = told.iter().map(|r| r.bonuses_taken_back.clone().expect("told")).collect();
    let other = |payment: &str| Some(payment.parse::<PaymentId>().expect("an id").into());
    let expected = [(false, None), (true, other(&paid[1])), (true, other(&paid[3]))];
    assert_eq!(taken.into_iter().map(|t| (t.own, t.other_payment_id)).collect::<Vec<_>>(), expected);
    world.service.finish().await;
}

fn booked_with(booked: &serde_json::Value, amount: &str) -> serde_json::Value {
    serde_json::json!({ "vehicle_id": booked["vehicle"]["id"], "booking_amount": amount })
}
