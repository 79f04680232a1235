//! Business days, and expiry of unpaid bookings.

use crate::fixture::{Fixture, text};
use proto_events::booking::v1::{DayStarted, PaymentReturned};
use serde_json::json;

#[tokio::test]
async fn each_indian_day_is_opened_once_even_after_an_outage() {
    let fixture = Fixture::start().await;
    for time in ["2026-11-10T04:30:00Z", "2026-11-10T18:29:59Z", "2026-11-13T18:30:00Z", "2026-11-13T18:30:01Z"] {
        fixture.service.clock.set(time.parse().expect("a time"));
        fixture.service.run_job("calendar").await;
    }
    let days: Vec<DayStarted> = fixture.service.published().await;
    let names: Vec<_> = days.iter().map(|d| d.day.as_str()).collect();
    assert_eq!(names, ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-14"]);
    let midnight: domain::Timestamp = "2026-11-13T18:30:00Z".parse().expect("a time");
    assert_eq!(days[4].started_at, midnight.micros());
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_unpaid_booking_expires_and_is_revived_by_a_late_capture() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let payment = fixture.pay(id, "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    fixture.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    fixture.service.clock.advance_secs(24 * 3600 - 60);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(id).await["status"], "pre_booked");
    fixture.service.clock.advance_secs(120);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(id).await["status"], "expired");
    assert_eq!(fixture.try_pay(id, "1.00", "cash").await.problem(409), "booking.state");
    assert_eq!(
        fixture.fresh_client().post_empty(&format!("/bookings/{id}/cancel")).await.problem(409),
        "booking.state"
    );
    fixture.webhook("payment.captured", order, "pay_2", "500.00").await.expect(200);
    assert_eq!(fixture.booking(id).await["status"], "confirmed");
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.last_snapshot(id).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_completed_or_pending_payment_prevents_expiry() {
    let fixture = Fixture::start().await;
    let paid = fixture.book("500.00").await;
    fixture.pay_online(text(&paid, "id"), "1.00").await;
    let promised = fixture.book("500.00").await;
    let cash = fixture.pay(text(&promised, "id"), "500.00", "cash").await;
    let abandoned = fixture.book("500.00").await;
    let order = fixture.pay(text(&abandoned, "id"), "500.00", "online").await;
    fixture.service.clock.advance_secs(25 * 3600);
    fixture.service.run_job("expire").await;
    for (booking, status) in [(&paid, "pre_booked"), (&promised, "pre_booked"), (&abandoned, "expired")] {
        assert_eq!(fixture.booking(text(booking, "id")).await["status"], status);
    }
    assert_eq!(fixture.payment(text(&order, "id")).await["status"], "failed");
    let fail = format!("/payments/{}/fail", text(&cash, "id"));
    fixture.staff().post(&fail, json!({ "reason": "never came" })).await.expect(200);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(text(&promised, "id")).await["status"], "expired");
    fixture.service.finish().await;
}

#[tokio::test]
async fn bookings_do_not_expire_when_expiry_is_disabled() {
    let fixture = Fixture::start_with(&[("BOOKING_EXPIRY_HOURS", "none")]).await;
    let booked = fixture.book("500.00").await;
    fixture.service.clock.advance_secs(400 * 24 * 3600);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(text(&booked, "id")).await["status"], "pre_booked");
    fixture.service.finish().await;
}
