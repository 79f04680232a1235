//! Events twice, late and in any order: the same figures.

use crate::platform::*;
use chassis::id;
use domain::UserId;
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested};
use proto_events::{Envelope, Event};
use serde_json::{Value, json};
use testkit::TestService;

/// Everything a staff member and this member see.
pub(crate) async fn seen(service: &TestService, user: UserId) -> Vec<Value> {
    let staff = service.as_staff();
    let mut seen = vec![service.as_user(user).get("/reports/me").await.expect(200)];
    for path in ["dashboard", "sales", "users", "wallet", "payouts", "binary"] {
        seen.push(staff.get(&format!("/reports/{path}")).await.expect(200));
    }
    seen
}

pub(crate) fn story(user: UserId, now: domain::Timestamp) -> Vec<Envelope> {
    fn sent<M: Event>(at: domain::Timestamp, message: &M) -> Envelope {
        TestService::envelope(at, message)
    }
    let mut first = booking(user, 1, "pre_booked", now);
    let paid = payment(user, 50_000, "online", now);
    let pairs = vec![pair(user, 1, "matched", now), pair(user, 2, "flushed", now)];
    let asked = payout(user, now);
    let mut told = vec![
        sent(now, &registered(user, None, now)),
        sent(now, &first),
        sent(now, &paid),
        sent(now, &refund(&paid, now)),
        sent(now, &placement(user, pairs.clone(), now)),
        sent(now, &voided(pairs, now)),
        sent(now, &matched(vec![pair(user, 6, "matched", now)], now)),
        sent(now, &wallet(user, 1, 2_500, &[("REFERRAL_BONUS", 2_500)], now)),
        sent(now, &wallet(user, 2, 52_500, &[("BINARY_PAIR", 50_000)], now)),
        sent(now, &PayoutRequested { payout: Some(asked.clone()) }),
        sent(now, &PayoutCompleted { payout: next(&asked, 4, "completed", now), tax: None }),
    ];
    first.version = 3;
    first.status = "confirmed".into();
    told.push(sent(now, &first));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_events_and_their_number_change_no_figure() {
    let (forwards, backwards) =
        (TestService::start(reports::service()).await, TestService::start(reports::service()).await);
    let user = id::fresh();
    let told = story(user, forwards.now());
    for event in &told {
        forwards.deliver_envelope(event.clone()).await;
    }
    let expected = seen(&forwards, user).await;
    for event in told.iter().rev().chain(&told) {
        // A new envelope: a rebuilt consumer is fed the log without its inbox.
        let id = *id::fresh::<UserId>().as_bytes();
        backwards.deliver_envelope(Envelope { id, ..event.clone() }).await;
    }
    assert_eq!(seen(&backwards, user).await, expected);
    let (mine, board) = (&expected[0], &expected[1]);
    assert_eq!(
        (&mine["pairs_total"], &mine["available"], &mine["total_paid"]),
        (&json!(1), &json!("525.00"), &json!("0.00"))
    );
    assert_eq!(board["bookings"]["confirmed"], 1);
    assert_eq!(board["bookings"]["pre_booked"], 0);
    assert_eq!(board["revenue"], "0.00");
    assert_eq!(board["payouts"]["paid"]["count"], 1);
    forwards.finish().await;
    backwards.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_is_parked_and_the_others_count() {
    let service = TestService::start(reports::service()).await;
    let user = id::fresh();
    let mut strange = payment(user, 50_000, "online", service.now());
    strange.method = "barter".into();
    service.deliver_now(&strange).await;
    service.deliver_now(&payment(user, 1, "online", service.now())).await;
    assert_eq!(service.as_staff().get("/reports/dashboard").await.expect(200)["revenue"], "0.01");
    let parked = service.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].starts_with("booking.v1.PaymentCompleted: method"), "{parked:?}");
}
