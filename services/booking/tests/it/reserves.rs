//! What wallet puts aside for EMI.

use crate::world::{SCOOTER, World, text};
use proto_events::booking::v1::{EmiApplied, EmiReleased};
use serde_json::json;
use testkit::TestService;

#[tokio::test]
async fn a_reserve_waits_until_a_booking_is_confirmed() {
    let world = World::start().await;
    let first = world.reserve(10_000).await;
    world.service.deliver_now(&first).await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    world.reserve(5_000).await;
    assert!(world.service.published::<EmiApplied>().await.is_empty());
    world.pay_online(id, "500.00").await;
    let applied: Vec<EmiApplied> = world.service.published().await;
    let amounts: Vec<_> = applied.iter().map(|a| (a.amount_paise, a.instalment)).collect();
    assert_eq!(amounts, [(10_000, 0), (5_000, 0)]);
    assert_eq!(world.booking(id).await["total_paid"], "650.00");
    let told = world.completed().await;
    let methods: Vec<_> = told.iter().map(|p| (p.method.as_str(), p.referral_bonus_paise)).collect();
    assert_eq!(methods, [("online", 2_500), ("emi_deduction", 0), ("emi_deduction", 0)]);
    let last = told[2].standing.expect("a standing");
    assert_eq!((last.net_paid_before_paise, last.net_paid_after_paise, last.version), (50_000, 50_000, 3));
    world.told(id).await;
    world.service.finish().await;
}

#[tokio::test]
async fn a_reserve_pays_the_oldest_instalments_first() {
    let world = World::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 60 });
    let booked = world.book_with(body).await;
    world.pay_online(text(&booked, "id"), "500.00").await;
    // 44,500.00 over 60 months: 741.00 each.
    world.reserve(100_000).await;
    let applied: Vec<EmiApplied> = world.service.published().await;
    let parts: Vec<_> = applied.iter().map(|a| (a.instalment, a.amount_paise)).collect();
    assert_eq!(parts, [(1, 74_100), (2, 25_900)]);
    world.service.finish().await;
}

#[tokio::test]
async fn what_is_left_when_every_booking_is_paid_is_released() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    world.pay_cash(id, "44900.00").await;
    let open = world.pay(id, "60.00", "cash").await;
    world.reserve(10_000).await;
    // Only what no pending payment is about to pay.
    let applied: Vec<EmiApplied> = world.service.published().await;
    assert_eq!(applied.iter().map(|a| a.amount_paise).collect::<Vec<_>>(), [4_000]);
    let confirm = format!("/payments/{}/confirm", text(&open, "id"));
    world.staff().act(&confirm).await.expect(200);
    assert_eq!(world.booking(id).await["status"], "completed");
    let released: Vec<EmiReleased> = world.service.published().await;
    assert_eq!(released.iter().map(|r| r.amount_paise).collect::<Vec<_>>(), [6_000]);
    world.reserve(100).await;
    assert_eq!(world.service.published::<EmiReleased>().await.len(), 2);
    world.service.finish().await;
}

#[tokio::test]
async fn a_reserve_delivered_many_times_in_one_go_is_used_once() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    world.pay_online(text(&booked, "id"), "500.00").await;
    let reserve = world.reserve(10_000).await;
    let now = world.service.now();
    for _ in 0..5 {
        let copy = TestService::envelope(now, &reserve);
        world.service.deliver_envelope(copy).await;
    }
    assert_eq!(world.service.published::<EmiApplied>().await.len(), 1);
    world.service.finish().await;
}
