//! The compensation plan in force for a payment.

use crate::fixture::{Fixture, text};
use domain::{Money, PaymentId, Plan};
use proto_events::binary::v1::{PlanPublished, PlanWithdrawn};
use proto_events::booking::v1::PaymentRefunded;

#[tokio::test]
async fn a_payment_is_decided_by_the_plan_in_force_when_it_completes() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let now = fixture.service.now();
    let mut plan = Plan::fixed();
    plan.booking.minimum_amount = Money::from_rupees(600);
    let published = PlanPublished {
        version: 2,
        effective_from: now.plus_secs(600).micros(),
        plan_json: serde_json::to_string(&plan).expect("a plan"),
        published_by: fixture.member.into(),
        published_at: now.micros(),
    };
    for _ in 0..2 {
        fixture.service.deliver(now, &published).await;
    }
    fixture.pay_online(id, "500.00").await;
    fixture.service.clock.advance_secs(600);
    let refused = fixture.fresh_client().post("/bookings", booked_with(&booked, "599.99")).await;
    assert_eq!(refused.problem(422), "booking.booking_amount_too_small");
    fixture.fresh_client().post("/bookings", booked_with(&booked, "600.00")).await.expect(201);
    fixture.pay_online(id, "4499.99").await;
    fixture.pay_online(id, "0.01").await;
    fixture.pay_online(id, "1000.00").await;
    let completed = fixture.completed_payments().await;
    let decided: Vec<_> = completed.iter().map(|p| (p.plan_version, p.referral_bonus_paise)).collect();
    assert_eq!(decided, [(1, 2_500), (2, 0), (2, 100_000), (2, 0)]);
    assert!(!completed[0].referral_once_a_member && completed[1].referral_once_a_member);
    fixture.service.finish().await;
}

/// A refund reverses a bonus under the plan that paid it.
#[tokio::test]
async fn a_one_time_bonus_is_reversed_when_the_paid_total_falls_below_its_threshold() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let now = fixture.service.now();
    let published = PlanPublished {
        version: 2,
        effective_from: now.micros(),
        plan_json: serde_json::to_string(&Plan::fixed()).expect("a plan"),
        published_by: fixture.member.into(),
        published_at: now.micros(),
    };
    fixture.service.deliver(now, &published).await;
    let mut paid = Vec::new();
    for amount in ["4999.00", "1.00", "1.00"] {
        paid.push(text(&fixture.pay_online(id, amount).await, "id").to_owned());
    }
    let refund = async |payment: &str| {
        let body = serde_json::json!({ "reason": "by mistake", "refund_to": "wallet" });
        fixture.service.as_admin().post(&format!("/payments/{payment}/refund"), body).await.expect(200);
    };
    // First the payment that earned the bonus, which leaves 5,000.00; then the first payment.
    refund(&paid[1]).await;
    refund(&paid[0]).await;
    // The bonus is earned again by another payment.
    paid.push(text(&fixture.pay_online(id, "4999.00").await, "id").to_owned());
    refund(&paid[2]).await;
    let earned: Vec<_> = fixture.completed_payments().await.iter().map(|p| p.referral_bonus_paise).collect();
    assert_eq!(earned, [0, 100_000, 0, 100_000]);
    let refunded = fixture.service.published::<PaymentRefunded>().await;
    let taken: Vec<_> = refunded.iter().map(|r| r.bonuses_taken_back.clone().expect("bonus reversals")).collect();
    let other = |payment: &str| Some(payment.parse::<PaymentId>().expect("an id").into());
    let expected = [(false, None), (true, other(&paid[1])), (true, other(&paid[3]))];
    assert_eq!(taken.into_iter().map(|t| (t.own, t.other_payment_id)).collect::<Vec<_>>(), expected);
    fixture.service.finish().await;
}

/// Captures read the plans in another way than payments that staff confirm.
#[tokio::test]
async fn a_withdrawn_plan_decides_no_payment_in_whichever_order_its_events_come() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let (id, now) = (text(&booked, "id"), fixture.service.now());
    let published = |version: u32, secs: i64| PlanPublished {
        version,
        effective_from: now.plus_secs(secs).micros(),
        plan_json: serde_json::to_string(&Plan::fixed()).expect("a plan"),
        ..PlanPublished::default()
    };
    let withdrawn = |version| PlanWithdrawn { version, ..PlanWithdrawn::default() };
    fixture.service.deliver_now(&published(2, 600)).await;
    for version in [2, 3, 2] {
        fixture.service.deliver_now(&withdrawn(version)).await;
    }
    fixture.service.deliver_now(&published(3, 600)).await;
    fixture.service.clock.advance_secs(600);
    fixture.pay_online(id, "500.00").await;
    fixture.pay_cash(id, "500.00").await;
    // The next version began before the withdrawn ones would have.
    fixture.service.deliver_now(&published(4, 300)).await;
    fixture.pay_online(id, "600.00").await;
    fixture.pay_cash(id, "700.00").await;
    let versions: Vec<_> = fixture.completed_payments().await.iter().map(|p| p.plan_version).collect();
    assert_eq!(versions, [1, 1, 4, 4]);
    fixture.service.finish().await;
}

fn booked_with(booked: &serde_json::Value, amount: &str) -> serde_json::Value {
    serde_json::json!({ "vehicle_id": booked["vehicle"]["id"], "booking_amount": amount })
}
