//! EMI schedules.

use crate::fixture::{Fixture, SCOOTER, text};
use booking::schema::bookings;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use proto_events::booking::v1::EmiOverdue;
use serde_json::{Value, json};

fn amounts(rows: &Value, field: &str) -> Vec<String> {
    rows.as_array().expect("rows").iter().map(|r| text(r, field).to_owned()).collect()
}

#[tokio::test]
async fn a_schedule_created_with_the_booking_gets_due_dates_at_confirmation() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
    let booked = fixture.book_with(body).await;
    let id = text(&booked, "id");
    let rows = &booked["emi"]["instalments"];
    assert_eq!(booked["emi"]["principal"], "44500.00");
    assert_eq!(amounts(rows, "amount"), ["14833.00", "14833.00", "14834.00"]);
    assert!(rows.as_array().expect("rows").iter().all(|r| r["due_on"].is_null()));
    fixture.pay_online(id, "15334.00").await;
    let path = format!("/bookings/{id}/emi");
    let rows = fixture.client.get(&path).await.expect(200);
    assert_eq!(amounts(&rows, "due_on"), ["2026-12-10", "2027-01-10", "2027-02-10"]);
    assert_eq!(amounts(&rows, "paid"), ["14833.00", "1.00", "0.00"]);
    assert_eq!(amounts(&rows, "status"), ["paid", "pending", "pending"]);
    assert_eq!(fixture.last_snapshot(id).await.instalments[1].paid_paise, 100);
    let again = fixture.client.post(&path, json!({ "months": 3 })).await;
    assert_eq!(again.problem(409), "booking.emi_exists");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_later_schedule_covers_the_remaining_amount() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_online(id, "5000.00").await;
    let path = format!("/bookings/{id}/emi");
    for months in [2, 61] {
        assert_eq!(fixture.client.post(&path, json!({ "months": months })).await.problem(422), "booking.emi_months");
    }
    let rows = fixture.client.post(&path, json!({ "months": 4 })).await.expect(200);
    assert_eq!(amounts(&rows, "amount"), ["10000.00"; 4]);
    fixture.pay_cash(id, "40000.00").await;
    let rows = fixture.client.get(&path).await.expect(200);
    assert_eq!(amounts(&rows, "status"), ["paid"; 4]);
    assert_eq!(fixture.booking(id).await["status"], "completed");
    let other = fixture.book("45000.00").await;
    let path = format!("/bookings/{}/emi", text(&other, "id"));
    assert_eq!(fixture.client.post(&path, json!({ "months": 3 })).await.problem(422), "booking.emi_too_little");
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_same_key_creates_one_schedule_and_replays_the_response() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/emi", text(&booked, "id"));
    let first = fixture.client.post_with_key(&path, "k", json!({ "months": 4 })).await.expect(200);
    let again = fixture.client.post_with_key(&path, "k", json!({ "months": 4 })).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), first);
    let other = fixture.client.post_with_key(&path, "k", json!({ "months": 5 })).await;
    assert_eq!(other.problem(422), "idempotency.key_reused");
    let unkeyed = fixture.client.post(&path, json!({ "months": 4 })).await;
    assert_eq!(unkeyed.problem(409), "booking.emi_exists");
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_instalment_is_overdue_on_the_next_indian_day_and_announced_once() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
    let booked = fixture.book_with(body).await;
    let id = text(&booked, "id");
    fixture.pay_online(id, "500.00").await;
    let path = format!("/bookings/{id}/emi");
    fixture.service.clock.set("2026-12-10T18:29:59Z".parse().expect("a time"));
    fixture.service.run_job("calendar").await;
    assert_eq!(amounts(&fixture.fresh_client().get(&path).await.expect(200), "status"), ["pending"; 3]);
    fixture.service.clock.set("2026-12-10T18:30:00Z".parse().expect("a time"));
    for _ in 0..3 {
        fixture.service.run_job("calendar").await;
    }
    let statuses = amounts(&fixture.fresh_client().get(&path).await.expect(200), "status");
    assert_eq!(statuses, ["overdue", "pending", "pending"]);
    let overdue: Vec<EmiOverdue> = fixture.service.published().await;
    assert_eq!((overdue.len(), overdue[0].n, overdue[0].unpaid_paise), (1, 1, 1_483_300));
    fixture.pay_cash(id, "14833.00").await;
    let statuses = amounts(&fixture.fresh_client().get(&path).await.expect(200), "status");
    assert_eq!(statuses, ["paid", "pending", "pending"]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_corrupt_count_is_an_error_and_not_read_as_zero() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}", text(&booked, "id"));
    for (months, status) in [(-1_i64, 500), (1 << 32, 500), (0, 200)] {
        {
            let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
            let broken = diesel::update(bookings::table).set(bookings::emi_months.eq(months));
            broken.execute(c).await.expect("updated");
        }
        fixture.fresh_client().get(&path).await.expect(status);
        fixture.fresh_client().post_empty(&format!("{path}/cancel")).await.expect(status);
    }
    fixture.service.finish().await;
}
