//! Reminders of instalments that are due soon: once each, also over missed days, clock jumps and restarts.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use domain::Timestamp;
use futures_util::future::join_all;
use proto_events::booking::v1::{BookingChanged, EmiReminded};
use serde_json::json;

/// A booking with three instalments, the first of them due on 10 December.
async fn with_instalments(fixture: &Fixture) -> String {
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
    let booked = fixture.book_with(body).await;
    let id = text(&booked, "id").to_owned();
    fixture.pay_online(&id, "500.00").await;
    id
}

async fn run_at(fixture: &Fixture, time: &str) {
    let time: Timestamp = time.parse().expect("a time");
    fixture.service.clock.set(time);
    for job in ["calendar", "reminders"] {
        fixture.service.run_job(job).await;
    }
}

/// Kind and number of the reminders so far.
async fn reminders(fixture: &Fixture) -> Vec<(String, u32)> {
    let all: Vec<EmiReminded> = fixture.service.published().await;
    all.into_iter().map(|r| (r.kind, r.n)).collect()
}

fn ahead(n: u32) -> (String, u32) {
    ("ahead".to_owned(), n)
}

fn due_today(n: u32) -> (String, u32) {
    ("due_today".to_owned(), n)
}

#[tokio::test]
async fn a_member_is_reminded_three_days_ahead_and_on_the_due_date() {
    let fixture = Fixture::start().await;
    let id = with_instalments(&fixture).await;
    let version = fixture.last_snapshot(&id).await.version;
    // Nine in the morning in India is 03:30.
    for (time, expected) in [
        ("2026-12-06T23:00:00Z", vec![]),
        ("2026-12-07T03:29:59Z", vec![]),
        ("2026-12-07T03:30:00Z", vec![ahead(1)]),
        ("2026-12-09T12:00:00Z", vec![ahead(1)]),
        ("2026-12-10T03:29:59Z", vec![ahead(1)]),
        ("2026-12-10T03:30:00Z", vec![ahead(1), due_today(1)]),
        ("2026-12-10T18:29:59Z", vec![ahead(1), due_today(1)]),
        ("2026-12-11T12:00:00Z", vec![ahead(1), due_today(1)]),
    ] {
        run_at(&fixture, time).await;
        run_at(&fixture, time).await;
        assert_eq!(reminders(&fixture).await, expected, "{time}");
    }
    let first = &fixture.service.published::<EmiReminded>().await[0];
    assert_eq!((first.due_on.as_str(), first.unpaid_paise), ("2026-12-10", 1_483_300));
    assert_eq!(first.user_id, Vec::<u8>::from(fixture.member));
    // Only the overdue instalment made a new version of the booking.
    assert_eq!(fixture.last_snapshot(&id).await.version, version + 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_hour_of_reminders_is_a_setting() {
    let fixture = Fixture::start_with(&[("EMI_REMINDER_HOUR", "0")]).await;
    with_instalments(&fixture).await;
    run_at(&fixture, "2026-12-06T18:29:59Z").await;
    assert_eq!(reminders(&fixture).await, []);
    run_at(&fixture, "2026-12-06T18:30:00Z").await;
    assert_eq!(reminders(&fixture).await, [ahead(1)]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn missed_days_and_clock_jumps_repeat_no_reminder() {
    let fixture = Fixture::start().await;
    with_instalments(&fixture).await;
    for (time, expected) in [
        // The jobs did not run for two days.
        ("2026-12-09T04:00:00Z", vec![ahead(1)]),
        // The clock was set back, and forward again.
        ("2026-12-07T04:00:00Z", vec![ahead(1)]),
        ("2026-12-10T04:00:00Z", vec![ahead(1), due_today(1)]),
        ("2026-12-08T04:00:00Z", vec![ahead(1), due_today(1)]),
        ("2026-12-10T05:00:00Z", vec![ahead(1), due_today(1)]),
        // A whole month was missed: the second instalment is overdue, the third one is due today.
        ("2027-02-10T04:00:00Z", vec![ahead(1), due_today(1), due_today(3)]),
    ] {
        run_at(&fixture, time).await;
        assert_eq!(reminders(&fixture).await, expected, "{time}");
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn paid_and_cancelled_instalments_have_no_reminders() {
    let fixture = Fixture::start().await;
    let (paid, partly, cancelled) =
        (with_instalments(&fixture).await, with_instalments(&fixture).await, with_instalments(&fixture).await);
    fixture.pay_cash(&paid, "14833.00").await;
    fixture.pay_cash(&partly, "833.00").await;
    fixture.fresh_client().post_empty(&format!("/bookings/{cancelled}/cancel")).await.expect(200);
    let unconfirmed = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
    fixture.book_with(unconfirmed).await;
    run_at(&fixture, "2026-12-08T04:00:00Z").await;
    let all: Vec<EmiReminded> = fixture.service.published().await;
    let partly_id: domain::BookingId = partly.parse().expect("an id");
    let found: Vec<_> = all.iter().map(|r| (r.booking_id.clone(), r.unpaid_paise)).collect();
    assert_eq!(found, [(Vec::<u8>::from(partly_id), 1_400_000)]);
    // Paid between the two reminders.
    fixture.pay_cash(&partly, "14000.00").await;
    run_at(&fixture, "2026-12-10T04:00:00Z").await;
    assert_eq!(reminders(&fixture).await, [ahead(1)]);
    fixture.service.finish().await;
}

/// Several instances run the job at the same time, while the instalment of another booking is paid.
async fn concurrent_runs_remind_once(fixture: &Fixture) {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(with_instalments(fixture).await);
    }
    fixture.service.clock.set("2026-12-08T04:00:00Z".parse().expect("a time"));
    let payment = fixture.pay(&ids[0], "14833.00", "online").await;
    let capture = fixture.capture(&payment, "pay_x", "14833.00");
    let runs = join_all((0..4).map(|_| fixture.service.run_job("reminders")));
    let (answer, _) = tokio::join!(capture, runs);
    answer.expect(200);
    fixture.service.run_job("reminders").await;
    let mut found: Vec<_> =
        fixture.service.published::<EmiReminded>().await.into_iter().map(|r| r.booking_id).collect();
    let all = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), all, "no booking is reminded twice");
    assert!((2..=3).contains(&all), "{all}");
    assert!(!fixture.service.published::<BookingChanged>().await.is_empty());
}

#[tokio::test]
async fn concurrent_runs_remind_once_on_sqlite() {
    let fixture = Fixture::start().await;
    concurrent_runs_remind_once(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn concurrent_runs_remind_once_on_services() {
    on_mariadb(concurrent_runs_remind_once).await;
}
