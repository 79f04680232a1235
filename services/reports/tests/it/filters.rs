//! Tests of the filters of reports.

use crate::events::*;
use domain::{Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::booking::v1::{BookingChanged, PaymentCompleted, PaymentReturned};
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested};
use runtime::id;
use serde_json::{Value, json};
use testkit::TestService;

async fn register(service: &TestService, user_id: UserId, city: &str, at: Timestamp) {
    let user = Some(User { city: city.into(), ..user(user_id, None, at) });
    service.deliver_now(&UserRegistered { user }).await;
}

/// A booking of a vehicle with a payment of each kind, under a version of the plan.
async fn book(service: &TestService, user: UserId, vehicle: &[u8], status: &str, plan_version: u32) {
    let now = service.now();
    let booked = BookingChanged { vehicle_id: vehicle.into(), ..booking(user, 1, status, now) };
    for (method, paise) in [("online", 10_000), ("cash", 20_000), ("wallet", 40_000)] {
        let paid = PaymentCompleted {
            booking_id: booked.booking_id.clone(),
            plan_version,
            ..payment(user, paise, method, now)
        };
        service.deliver_now(&paid).await;
    }
    let returned = PaymentReturned { booking_id: booked.booking_id.clone(), ..returned(user, 100, now) };
    service.deliver_now(&returned).await;
    // The booking itself comes last: a filter joins whatever is there.
    service.deliver_now(&booked).await;
}

async fn totals(service: &TestService, path: &str) -> Value {
    service.as_staff().get(&format!("/reports/{path}")).await.expect(200).pointer("/totals").cloned().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_are_filtered_by_vehicle_method_status_city_and_plan_version() {
    let service = TestService::start(reports::service()).await;
    let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
    register(&service, asha, "Pune", service.now()).await;
    register(&service, ravi, "Nagpur", service.now()).await;
    let (scooter, bike) = (fresh(), fresh());
    book(&service, asha, &scooter, "confirmed", 1).await;
    book(&service, ravi, &bike, "cancelled", 2).await;
    book(&service, ravi, &scooter, "confirmed", 2).await;
    let scooter = UserId::try_from(scooter.as_slice()).unwrap();
    for (query, payments, received, wallets) in [
        ("".to_owned(), 9, "900.00", "1200.00"),
        (format!("vehicle={scooter}"), 6, "600.00", "800.00"),
        ("method=cash".to_owned(), 3, "600.00", "0.00"),
        ("status=cancelled".to_owned(), 3, "300.00", "400.00"),
        ("status=expired".to_owned(), 0, "0.00", "0.00"),
        ("city=PUNE".to_owned(), 3, "300.00", "400.00"),
        ("city=Pun".to_owned(), 0, "0.00", "0.00"),
        ("plan_version=2".to_owned(), 6, "600.00", "800.00"),
        (format!("vehicle={scooter}&city=nagpur&method=online&plan_version=2&status=confirmed"), 1, "100.00", "0.00"),
    ] {
        let totals = totals(&service, &format!("sales?{query}")).await;
        assert_eq!(
            (&totals["payments"], &totals["received"], &totals["from_wallets"]),
            (&json!(payments), &json!(received), &json!(wallets)),
            "{query}"
        );
    }
    // Bookings have no method and no plan version, so their columns are left out.
    for (query, bookings, returned) in [
        ("city=nagpur", json!(2), json!("2.00")),
        ("status=confirmed", json!(2), json!("2.00")),
        ("method=cash", json!(null), json!(null)),
        ("city=nagpur&plan_version=2", json!(null), json!(null)),
    ] {
        let totals = totals(&service, &format!("sales?{query}")).await;
        assert_eq!((&totals["bookings"], &totals["returned"]), (&bookings, &returned), "{query}");
    }
    let csv = service.as_staff().get("/reports/sales?method=cash&format=csv").await;
    assert!(csv.text.starts_with("period,payments,received,refunds,"), "{}", csv.text);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_reports_are_filtered_by_what_their_facts_have() {
    let service = TestService::start(reports::service()).await;
    let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
    let now = service.now();
    register(&service, asha, "Pune", now).await;
    register(&service, ravi, "Nagpur", now).await;
    let mut second = pair(ravi, 6, "matched", now);
    second.plan_version = 2;
    service.deliver_now(&placement(asha, vec![pair(asha, 1, "matched", now)], now)).await;
    service.deliver_now(&placement(ravi, vec![second], now)).await;
    service.deliver_now(&wallet(asha, 1, 2_500, &[("REFERRAL_BONUS", 2_500)], now)).await;
    service.deliver_now(&wallet(ravi, 1, 100, &[("DEPOSIT", 100)], now)).await;
    let (paid, open) = (payout(asha, now), payout(ravi, now));
    service.deliver_now(&PayoutRequested { payout: Some(paid.clone()) }).await;
    service.deliver_now(&PayoutRequested { payout: Some(open) }).await;
    service.deliver_now(&PayoutCompleted { payout: next(&paid, 4, "completed", now), tax: None }).await;
    for (path, figure, expected) in [
        ("users?city=pune", "registrations", json!(1)),
        ("users?city=pune", "placed", json!(1)),
        ("wallet?city=pune", "referral_bonus", json!("25.00")),
        ("wallet?city=pune", "deposit", json!("0.00")),
        ("payouts?status=completed", "requested", json!(1)),
        ("payouts?status=requested", "requested", json!(1)),
        ("payouts?status=requested", "paid", json!(0)),
        ("payouts?status=completed&city=nagpur", "requested", json!(0)),
        ("binary?city=nagpur", "gross", json!("500.00")),
        ("binary?city=nagpur", "placements", json!(1)),
        ("binary?plan_version=2", "emi_deduction", json!("100.00")),
        ("binary?plan_version=2", "placements", json!(null)),
        ("cohorts?city=pune", "joined", json!(1)),
        ("generations?plan_version=2", "pairs_matched", json!(1)),
        ("generations?city=pune", "referral_bonus", json!("25.00")),
        ("generations?plan_version=2", "referral_bonus", json!(null)),
    ] {
        assert_eq!(totals(&service, path).await[figure], expected, "{path} {figure}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_without_a_meaning_is_refused() {
    let service = TestService::start(reports::service()).await;
    let staff = service.as_staff();
    let vehicle: UserId = id::fresh();
    for (path, code) in [
        (format!("users?vehicle={vehicle}"), "reports.filter_unsupported"),
        ("wallet?method=cash".to_owned(), "reports.filter_unsupported"),
        ("wallet?status=completed".to_owned(), "reports.filter_unsupported"),
        ("users?status=confirmed".to_owned(), "reports.filter_unsupported"),
        ("payouts?plan_version=1".to_owned(), "reports.filter_unsupported"),
        ("binary?method=cash".to_owned(), "reports.filter_unsupported"),
        ("cohorts?plan_version=1".to_owned(), "reports.filter_unsupported"),
        ("emi-ageing?city=pune".to_owned(), "reports.filter_unsupported"),
        ("payout-ageing?status=confirmed".to_owned(), "reports.filter_unsupported"),
        ("sales?status=approved".to_owned(), "request.bad_query"),
        ("payouts?status=confirmed".to_owned(), "request.bad_query"),
        ("sales?method=barter".to_owned(), "request.bad_query"),
        ("sales?vehicle=scooter".to_owned(), "request.bad_query"),
        ("sales?plan_version=-1".to_owned(), "request.bad_query"),
        ("emi-ageing?from=2026-11-01".to_owned(), "reports.parameter_unsupported"),
        ("payout-ageing?group_by=day".to_owned(), "reports.parameter_unsupported"),
        ("generations?compare=previous".to_owned(), "reports.parameter_unsupported"),
        ("generations?from=2026-11-02&to=2026-11-01".to_owned(), "reports.range_backwards"),
    ] {
        let refused = staff.get(&format!("/reports/{path}")).await;
        assert_eq!(refused.problem(422), code, "{path}");
    }
    let refused = staff.get("/reports/payouts?method=cash&city=pune").await;
    let detail = refused.body["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(detail, "no column of this report has `method` and `city`; it takes `status`, `city`");
    service.finish().await;
}
