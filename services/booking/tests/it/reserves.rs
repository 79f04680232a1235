//! EMI reserves.

use crate::fixture::{Fixture, SCOOTER, text};
use proto_events::booking::v1::{EmiApplied, EmiReleased};
use serde_json::json;
use testkit::TestService;

#[tokio::test]
async fn a_reserve_waits_until_a_booking_is_confirmed() {
    let fixture = Fixture::start().await;
    let first = fixture.deliver_reserve(10_000).await;
    fixture.service.deliver_now(&first).await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.deliver_reserve(5_000).await;
    assert!(fixture.service.published::<EmiApplied>().await.is_empty());
    fixture.pay_online(id, "500.00").await;
    let applied: Vec<EmiApplied> = fixture.service.published().await;
    let amounts: Vec<_> = applied.iter().map(|a| (a.amount_paise, a.instalment)).collect();
    assert_eq!(amounts, [(10_000, 0), (5_000, 0)]);
    assert_eq!(fixture.booking(id).await["total_paid"], "650.00");
    let completed = fixture.completed_payments().await;
    let methods: Vec<_> = completed.iter().map(|p| (p.method.as_str(), p.referral_bonus_paise)).collect();
    assert_eq!(methods, [("online", 2_500), ("emi_deduction", 0), ("emi_deduction", 0)]);
    let last = completed[2].standing.expect("a standing");
    assert_eq!((last.net_paid_before_paise, last.net_paid_after_paise, last.version), (50_000, 50_000, 3));
    fixture.last_snapshot(id).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_reserve_pays_the_oldest_instalments_first() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 60 });
    let booked = fixture.book_with(body).await;
    fixture.pay_online(text(&booked, "id"), "500.00").await;
    // 44,500.00 over 60 months: 741.00 each.
    fixture.deliver_reserve(100_000).await;
    let applied: Vec<EmiApplied> = fixture.service.published().await;
    let parts: Vec<_> = applied.iter().map(|a| (a.instalment, a.amount_paise)).collect();
    assert_eq!(parts, [(1, 74_100), (2, 25_900)]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_rest_of_a_reserve_is_released_when_every_booking_is_paid() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_cash(id, "44900.00").await;
    let open = fixture.pay(id, "60.00", "cash").await;
    fixture.deliver_reserve(10_000).await;
    // Only the part that no pending payment covers.
    let applied: Vec<EmiApplied> = fixture.service.published().await;
    assert_eq!(applied.iter().map(|a| a.amount_paise).collect::<Vec<_>>(), [4_000]);
    let confirm = format!("/payments/{}/confirm", text(&open, "id"));
    fixture.staff().post_empty(&confirm).await.expect(200);
    assert_eq!(fixture.booking(id).await["status"], "completed");
    let released: Vec<EmiReleased> = fixture.service.published().await;
    assert_eq!(released.iter().map(|r| r.amount_paise).collect::<Vec<_>>(), [6_000]);
    fixture.deliver_reserve(100).await;
    assert_eq!(fixture.service.published::<EmiReleased>().await.len(), 2);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_reserve_delivered_several_times_is_applied_once() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    fixture.pay_online(text(&booked, "id"), "500.00").await;
    let reserve = fixture.deliver_reserve(10_000).await;
    let now = fixture.service.now();
    for _ in 0..5 {
        let copy = TestService::envelope(now, &reserve);
        fixture.service.deliver_envelope(copy).await;
    }
    assert_eq!(fixture.service.published::<EmiApplied>().await.len(), 1);
    fixture.service.finish().await;
}
