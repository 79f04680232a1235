//! Tests of duplicate, late and reordered events.

use crate::events::*;
use domain::UserId;
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested};
use proto_events::{Envelope, Event};
use runtime::id;
use serde_json::{Value, json};
use testkit::TestService;

/// The dashboard and the reports.
const REPORTS: [&str; 20] = [
    "dashboard",
    "sales",
    "users",
    "wallet",
    "payouts",
    "binary",
    "cohorts",
    "generations",
    "emi-ageing",
    "payout-ageing",
    "sales?method=online&plan_version=1",
    "sales?city=pune",
    "sales?status=confirmed&vehicle=0197f0c8-0000-7000-8000-000000000001",
    "payouts?status=completed",
    "payouts?city=pune",
    "binary?city=pune",
    "binary?plan_version=1",
    "wallet?city=pune",
    "users?city=pune",
    "generations?city=pune",
];

/// All dashboards and reports: first the member's, then the platform's.
pub(crate) async fn load_all_figures(service: &TestService, user: UserId) -> Vec<Value> {
    let staff = service.as_staff();
    let mut figures = vec![service.as_user(user).get("/reports/me").await.expect(200)];
    for path in REPORTS {
        figures.push(staff.get(&format!("/reports/{path}")).await.expect(200));
    }
    figures
}

/// Events of one member, from registration to payout.
pub(crate) fn scenario(user: UserId, now: domain::Timestamp) -> Vec<Envelope> {
    fn envelope<M: Event>(at: domain::Timestamp, message: &M) -> Envelope {
        TestService::envelope(at, message)
    }
    let mut first = booking(user, 1, "pre_booked", now);
    let paid = payment(user, 50_000, "online", now);
    let pairs = vec![pair(user, 1, "matched", now), pair(user, 2, "flushed", now)];
    let requested = payout(user, now);
    let mut events = vec![
        envelope(now, &plan(2, 6_000, now)),
        envelope(now, &plan(3, 7_000, now.plus_secs(1))),
        envelope(now, &withdrawn(3)),
        envelope(now, &registered(user, None, now)),
        envelope(now, &first),
        envelope(now, &paid),
        envelope(now, &refund(&paid, now)),
        envelope(now, &placement(user, pairs.clone(), now)),
        envelope(now, &voided(pairs, now)),
        envelope(now, &matched(vec![pair(user, 6, "matched", now)], now)),
        envelope(now, &wallet(user, 1, 2_500, &[("REFERRAL_BONUS", 2_500)], now)),
        envelope(now, &wallet(user, 2, 52_500, &[("BINARY_PAIR", 50_000)], now)),
        envelope(now, &PayoutRequested { payout: Some(requested.clone()) }),
        envelope(now, &PayoutCompleted { payout: next(&requested, 4, "completed", now), tax: None }),
    ];
    first.version = 3;
    first.status = "confirmed".into();
    first.instalments = vec![instalment(1, "2026-10-05", 10_000), instalment(2, "2026-11-05", 2_500)];
    events.push(envelope(now, &first));
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn reordered_and_duplicate_events_change_no_figure() {
    let (forwards, backwards) =
        (TestService::start(reports::service()).await, TestService::start(reports::service()).await);
    let user = id::fresh();
    let events = scenario(user, forwards.now());
    for event in &events {
        forwards.deliver_envelope(event.clone()).await;
    }
    let expected = load_all_figures(&forwards, user).await;
    for event in events.iter().rev().chain(&events) {
        // A new event id bypasses the inbox, as when a rebuilt consumer replays the log.
        let id = *id::fresh::<UserId>().as_bytes();
        backwards.deliver_envelope(Envelope { id, ..event.clone() }).await;
    }
    assert_eq!(load_all_figures(&backwards, user).await, expected);
    let (mine, dashboard) = (&expected[0], &expected[1]);
    assert_eq!(
        (&mine["pairs_total"], &mine["available"], &mine["total_paid"]),
        (&json!(1), &json!("525.00"), &json!("0.00"))
    );
    assert_eq!(dashboard["bookings"]["confirmed"], 1);
    assert_eq!(dashboard["bookings"]["pre_booked"], 0);
    assert_eq!(dashboard["revenue"], "0.00");
    assert_eq!(dashboard["payouts"]["paid"]["count"], 1);
    forwards.finish().await;
    backwards.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_is_parked_and_the_others_count() {
    let service = TestService::start(reports::service()).await;
    let user = id::fresh();
    let mut unreadable = payment(user, 50_000, "online", service.now());
    unreadable.payment_id = vec![1, 2, 3];
    service.deliver_now(&unreadable).await;
    service.deliver_now(&payment(user, 1, "online", service.now())).await;
    assert_eq!(service.as_staff().get("/reports/dashboard").await.expect(200)["revenue"], "0.01");
    let parked = service.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].starts_with("booking.v1.PaymentCompleted: payment_id"), "{parked:?}");
}
