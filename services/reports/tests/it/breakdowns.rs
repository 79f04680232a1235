//! Tests of cohorts, commission by generation, and ages.

use crate::events::*;
use domain::{Day, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::binary::v1::{Pair, PlacementMade};
use proto_events::booking::v1::BookingChanged;
use proto_events::payout::v1::{PayoutApproved, PayoutCompleted, PayoutRequested};
use runtime::id;
use serde_json::{Value, json};
use testkit::TestService;

fn on(day: &str) -> Timestamp {
    day.parse::<Day>().unwrap().starts_at()
}

async fn load(service: &TestService, path: &str) -> Value {
    service.as_staff().get(&format!("/reports/{path}")).await.expect(200)
}

/// The rows whose figure is not zero, with the name of the row.
fn rows<'a>(report: &'a Value, key: &str, figure: &str) -> Vec<(&'a str, &'a Value)> {
    let is_zero = |value: &Value| *value == json!(0) || *value == json!("0.00");
    let items = report["items"].as_array().unwrap().iter();
    items.map(|item| (item[key].as_str().unwrap(), &item[figure])).filter(|(_, value)| !is_zero(value)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cohort_is_the_members_who_joined_in_a_month_with_what_became_of_them() {
    let service = TestService::start(reports::service()).await;
    let (september, october) = (on("2026-09-30"), on("2026-10-01"));
    let (asha, ravi, meena): (UserId, UserId, UserId) = (id::fresh(), id::fresh(), id::fresh());
    // A payment comes before its member.
    let paid = payment(asha, 500_000, "online", on("2026-11-02"));
    service.deliver_now(&paid).await;
    service.deliver_now(&payment(asha, 100_000, "emi_deduction", on("2026-11-02"))).await;
    let active = User { is_active_buyer: true, ..user(asha, None, september) };
    service.deliver_now(&UserRegistered { user: Some(active) }).await;
    service.deliver_now(&registered(ravi, Some(asha), september)).await;
    service.deliver_now(&registered(meena, Some(asha), october)).await;
    let staff = User { role: "staff".into(), ..user(id::fresh(), None, september) };
    service.deliver_now(&UserRegistered { user: Some(staff) }).await;
    for status in ["completed", "confirmed", "delivered"] {
        service.deliver_now(&booking(asha, 1, status, october)).await;
    }
    service.deliver_now(&booking(ravi, 1, "expired", october)).await;
    let refunded = payment(ravi, 70_000, "cash", october);
    service.deliver_now(&refunded).await;
    service.deliver_now(&refund(&refunded, october)).await;
    service.deliver_now(&placement(asha, Vec::new(), october)).await;
    let earned =
        proto_events::wallet::v1::WalletChanged { total_earned_paise: 2_500, ..wallet(asha, 1, 0, &[], october) };
    service.deliver_now(&earned).await;
    let report = load(&service, "cohorts?from=2026-08-01&to=2026-10-31").await;
    assert_eq!(report["group_by"], "month");
    let cohort = |joined: i64, referred: i64, active: i64, booked: i64, bought: i64, paid: &str, earned: &str| {
        json!({ "joined": joined, "referred": referred, "placed": active, "active_buyers": active, "booked": booked,
            "bought": bought, "paid": paid, "earned": earned })
    };
    let expected = [
        ("2026-08", cohort(0, 0, 0, 0, 0, "0.00", "0.00")),
        ("2026-09", cohort(2, 1, 1, 2, 1, "5000.00", "25.00")),
        ("2026-10", cohort(1, 1, 0, 0, 0, "0.00", "0.00")),
    ];
    for (item, (month, mut figures)) in report["items"].as_array().unwrap().iter().zip(expected) {
        figures["period"] = json!(month);
        assert_eq!(*item, figures);
    }
    assert_eq!(report["totals"]["joined"], 3);
    let csv = service.as_staff().get("/reports/cohorts?from=2026-09-01&to=2026-09-30&format=csv").await;
    let expected = "period,joined,referred,placed,active_buyers,booked,bought,paid,earned\n\
        2026-09,2,1,1,1,2,1,5000.00,25.00\ntotal,2,1,1,1,2,1,5000.00,25.00\n";
    assert_eq!(csv.text, expected);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commission_is_broken_down_by_generation() {
    let service = TestService::start(reports::service()).await;
    let now = service.now();
    let people: Vec<UserId> = (0..5).map(|_| id::fresh()).collect();
    let pair_of = |number: u32, left: usize, right: usize, status: &str| Pair {
        left_user_id: people[left].into(),
        right_user_id: people[right].into(),
        ..pair(people[0], number, status, now)
    };
    let pairs = vec![pair_of(1, 1, 2, "matched"), pair_of(2, 1, 3, "matched"), pair_of(3, 4, 4, "matched")];
    let flushed = pair_of(4, 1, 3, "flushed");
    service.deliver_now(&matched([pairs.clone(), vec![flushed]].concat(), now)).await;
    service.deliver_now(&voided(vec![pairs[1].clone()], now)).await;
    service.deliver_now(&wallet(people[0], 1, 2_500, &[("REFERRAL_BONUS", 2_500), ("DEPOSIT", 9)], now)).await;
    // Placements come later than their pairs; that of the fifth person is still on its way.
    let unknown = load(&service, "generations").await;
    assert_eq!(rows(&unknown, "group", "pairs_matched"), [("unknown", &json!(3))]);
    for (person, depth) in people.iter().zip([2, 3, 3, 23]) {
        service.deliver_now(&PlacementMade { depth, ..placement(*person, Vec::new(), now) }).await;
    }
    let report = load(&service, "generations").await;
    assert_eq!((&report["from"], &report["to"]), (&json!("2026-11-01"), &json!("2026-11-30")));
    assert_eq!(report["items"].as_array().unwrap().len(), 22);
    assert_eq!(rows(&report, "group", "referral_bonus"), [("1", &json!("25.00"))]);
    let one = json!(1);
    assert_eq!(rows(&report, "group", "pairs_matched"), [("1", &one), ("21+", &one), ("unknown", &one)]);
    assert_eq!(rows(&report, "group", "voided_gross"), [("21+", &json!("500.00"))]);
    let binary = load(&service, "binary").await;
    for figure in ["pairs_matched", "gross", "pairs_voided", "voided_gross"] {
        assert_eq!(report["totals"][figure], binary["totals"][figure], "{figure}");
    }
    let earlier = load(&service, "generations?from=2026-10-01&to=2026-10-31").await;
    assert_eq!(earlier["totals"]["pairs_matched"], 0);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unpaid_instalments_are_aged_by_their_due_day() {
    let service = TestService::start(reports::service()).await;
    let today = service.now().day();
    assert_eq!(today.to_string(), "2026-11-10");
    let user: UserId = id::fresh();
    let instalments = vec![
        instalment(1, "2026-08-11", 10_000),
        instalment(2, "2026-08-10", 0),
        instalment(3, "2026-10-11", 2_500),
        instalment(4, "2026-11-09", 0),
        instalment(5, "2026-11-10", 0),
    ];
    let confirmed = BookingChanged { instalments, ..booking(user, 2, "confirmed", service.now()) };
    let with_status =
        |version: u64, status: &str| BookingChanged { version, status: status.into(), ..confirmed.clone() };
    service.deliver_now(&confirmed).await;
    service.deliver_now(&with_status(1, "pre_booked")).await;
    let other = BookingChanged {
        instalments: vec![instalment(1, "2026-11-09", 0)],
        ..booking(user, 1, "pre_booked", service.now())
    };
    service.deliver_now(&other).await;
    let report = load(&service, "emi-ageing").await;
    let amounts = [("not_due", "100.00"), ("1-30", "175.00"), ("91+", "100.00")].map(|(age, paid)| (age, json!(paid)));
    let expected: Vec<_> = amounts.iter().map(|(age, paid)| (*age, paid)).collect();
    assert_eq!(rows(&report, "group", "unpaid"), expected);
    assert_eq!((&report["totals"]["instalments"], &report["totals"]["unpaid"]), (&json!(4), &json!("375.00")));
    service.deliver_now(&with_status(3, "cancelled")).await;
    service.deliver_now(&confirmed).await;
    assert_eq!(load(&service, "emi-ageing").await["totals"]["instalments"], 0);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_payouts_are_aged_by_their_request() {
    let service = TestService::start(reports::service()).await;
    let user: UserId = id::fresh();
    let (old, recent) = (payout(user, on("2026-10-01")), payout(user, on("2026-11-09")));
    service.deliver_now(&PayoutApproved { payout: next(&old, 3, "approved", service.now()), tax: None }).await;
    service.deliver_now(&PayoutRequested { payout: Some(old.clone()) }).await;
    service.deliver_now(&PayoutRequested { payout: Some(recent) }).await;
    let report = load(&service, "payout-ageing").await;
    let one = json!(1);
    assert_eq!(rows(&report, "group", "open"), [("0-1", &one), ("31+", &one)]);
    assert_eq!(rows(&report, "group", "undecided"), [("0-1", &one)]);
    assert_eq!(rows(&report, "group", "unpaid_amount"), [("31+", &json!("10000.00"))]);
    service.deliver_now(&PayoutCompleted { payout: next(&old, 5, "completed", service.now()), tax: None }).await;
    let report = load(&service, "payout-ageing").await;
    assert_eq!((&report["totals"]["open"], &report["totals"]["open_amount"]), (&json!(1), &json!("10000.00")));
    let dashboard = load(&service, "dashboard").await;
    assert_eq!(dashboard["payouts"]["pending"], json!({ "count": 1, "amount": "10000.00" }));
    let csv = service.as_staff().get("/reports/payout-ageing?format=csv").await;
    assert!(csv.text.starts_with("age,open,open_amount,"), "{}", csv.text);
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"payout-ageing-2026-11-10.csv\"");
    service.finish().await;
}
