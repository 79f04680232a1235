//! Days, and bookings that nobody paid for.

use crate::world::{World, text};
use proto_events::booking::v1::{DayStarted, PaymentReturned};
use serde_json::json;

#[tokio::test]
async fn each_day_in_india_is_opened_once_also_after_a_pause() {
    let world = World::start().await;
    for time in ["2026-11-10T04:30:00Z", "2026-11-10T18:29:59Z", "2026-11-13T18:30:00Z", "2026-11-13T18:30:01Z"] {
        world.service.clock.set(time.parse().expect("a time"));
        world.service.run_job("calendar").await;
    }
    let days: Vec<DayStarted> = world.service.published().await;
    let names: Vec<_> = days.iter().map(|d| d.day.as_str()).collect();
    assert_eq!(names, ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-14"]);
    let midnight: domain::Timestamp = "2026-11-13T18:30:00Z".parse().expect("a time");
    assert_eq!(days[4].started_at, midnight.micros());
    world.service.finish().await;
}

#[tokio::test]
async fn a_booking_nobody_pays_expires_and_revives_with_its_money() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let payment = world.pay(id, "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    world.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    world.service.clock.advance_secs(24 * 3600 - 60);
    world.service.run_job("expire").await;
    assert_eq!(world.booking(id).await["status"], "pre_booked");
    world.service.clock.advance_secs(120);
    world.service.run_job("expire").await;
    assert_eq!(world.booking(id).await["status"], "expired");
    assert_eq!(world.try_pay(id, "1.00", "cash").await.problem(409), "booking.state");
    assert_eq!(world.again().act(&format!("/bookings/{id}/cancel")).await.problem(409), "booking.state");
    world.webhook("payment.captured", order, "pay_2", "500.00").await.expect(200);
    assert_eq!(world.booking(id).await["status"], "confirmed");
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.told(id).await;
    world.service.finish().await;
}

#[tokio::test]
async fn what_is_paid_or_promised_keeps_a_booking_alive() {
    let world = World::start().await;
    let paid = world.book("500.00").await;
    world.pay_online(text(&paid, "id"), "1.00").await;
    let promised = world.book("500.00").await;
    let cash = world.pay(text(&promised, "id"), "500.00", "cash").await;
    let abandoned = world.book("500.00").await;
    let order = world.pay(text(&abandoned, "id"), "500.00", "online").await;
    world.service.clock.advance_secs(25 * 3600);
    world.service.run_job("expire").await;
    for (booking, status) in [(&paid, "pre_booked"), (&promised, "pre_booked"), (&abandoned, "expired")] {
        assert_eq!(world.booking(text(booking, "id")).await["status"], status);
    }
    assert_eq!(world.payment(text(&order, "id")).await["status"], "failed");
    let fail = format!("/payments/{}/fail", text(&cash, "id"));
    world.staff().post(&fail, json!({ "reason": "never came" })).await.expect(200);
    world.service.run_job("expire").await;
    assert_eq!(world.booking(text(&promised, "id")).await["status"], "expired");
    world.service.finish().await;
}

#[tokio::test]
async fn bookings_do_not_expire_where_that_is_switched_off() {
    let world = World::start_with(&[("BOOKING_EXPIRY_HOURS", "none")]).await;
    let booked = world.book("500.00").await;
    world.service.clock.advance_secs(400 * 24 * 3600);
    world.service.run_job("expire").await;
    assert_eq!(world.booking(text(&booked, "id")).await["status"], "pre_booked");
    world.service.finish().await;
}
