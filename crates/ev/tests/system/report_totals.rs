//! The totals of the reports, compared with what the services that own the figures say.

use crate::commands::{ev, stdout_of};
use crate::platform::{TestPlatform, TestUser};
use crate::process::Process;
use db::{Db, DbConfig};
use diesel_async::SimpleAsyncConnection;
use domain::Money;
use serde_json::{Value, json};

/// All items of a list for staff.
async fn list(platform: &TestPlatform, path: &str) -> Vec<Value> {
    let (staff, mut items) = (&platform.admin().await.http, Vec::new());
    let mut cursor = String::new();
    loop {
        let page = staff.get(&format!("{path}{}limit=100{cursor}", if path.contains('?') { '&' } else { '?' })).await;
        let page = page.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

fn amount(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

/// The sum of a field.
fn sum<'a>(items: impl IntoIterator<Item = &'a Value>, field: &str) -> Value {
    json!(Money::total(items.into_iter().map(|item| amount(&item[field]))).unwrap())
}

fn has<'a>(items: &'a [Value], field: &'a str, values: &'a [&'a str]) -> Vec<&'a Value> {
    items.iter().filter(|item| values.iter().any(|value| item[field] == *value)).collect()
}

async fn totals(platform: &TestPlatform, report: &str) -> Value {
    platform.admin().await.http.get(&format!("/reports/{report}")).await.expect(200)["totals"].clone()
}

/// A sponsor with four members who paid, one of whom got a refund; a payout that is paid and one that is open.
async fn scenario(platform: &TestPlatform) -> Vec<TestUser> {
    let sponsor = platform.member(None).await;
    sponsor.join_tree(platform).await;
    let mut members = Vec::new();
    for _ in 0..4 {
        let member = platform.member(Some(&sponsor)).await;
        let booking = member.book(platform, "5000.00").await;
        member.pay(platform, &booking, "5000.00").await;
        member.wait_for_place(platform).await;
        members.push((member, booking));
    }
    let (member, booking) = &members[0];
    member.http.post(&format!("/bookings/{booking}/emi"), json!({ "months": 6 })).await.expect(200);
    let (member, booking) = &members[1];
    member.cancel(booking).await;
    platform.drain().await;
    sponsor.approve_kyc(platform).await;
    let paid = sponsor.payout(platform, "100.00", false).await;
    sponsor.payout(platform, "200.00", false).await;
    platform.drain().await;
    let (staff, id) = (&platform.staff().await.http, paid["id"].as_str().unwrap());
    staff.post(&format!("/payouts/{id}/approve"), json!({})).await.expect(200);
    platform.drain().await;
    staff.post(&format!("/payouts/{id}/settle"), json!({ "outcome": "paid", "utr": "UTR1" })).await.expect(200);
    platform.drain().await;
    members.into_iter().map(|(member, _)| member).chain([sponsor]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn totals_are_those_of_the_services_that_own_the_figures() {
    let platform = TestPlatform::embedded().await;
    let members = scenario(&platform).await;
    let sales = totals(&platform, "sales").await;
    let (bookings, payments) = (list(&platform, "/bookings").await, list(&platform, "/payments").await);
    assert_eq!((&sales["bookings"], &sales["booked_value"]), (&json!(bookings.len()), &sum(&bookings, "price")));
    let new_money: Vec<Value> =
        has(&payments, "method", &["online", "cash", "bank_transfer"]).into_iter().cloned().collect();
    let received = has(&new_money, "status", &["completed", "refunded"]);
    let refunded = has(&new_money, "status", &["refunded"]);
    assert_eq!(
        (sales["received"].clone(), sales["refunded"].clone()),
        (sum(received, "amount"), sum(refunded, "amount"))
    );
    assert_ne!(sales["refunded"], "0.00");

    let wallet = totals(&platform, "wallet").await;
    let mut liability = Money::ZERO;
    for (kind, column) in [("REFERRAL_BONUS", "referral_bonus"), ("BINARY_PAIR", "binary_pair"), ("REFUND", "refund")] {
        let mut owned = Vec::new();
        for member in &members {
            owned.extend(list(&platform, &format!("/wallet/transactions?user_id={}&type={kind}", member.id)).await);
        }
        assert_eq!(wallet[column], sum(&owned, "amount"), "{kind}");
        assert_ne!(wallet[column], "0.00", "{kind}");
    }
    for member in &members {
        let state = platform.admin().await.http.get(&format!("/wallets/{}", member.id)).await.expect(200);
        for part in ["balance", "emi_reserve", "reserve"] {
            liability = liability.add(amount(&state[part])).unwrap();
        }
    }
    let dashboard = platform.admin().await.http.get("/reports/dashboard").await.expect(200);
    assert_eq!(dashboard["wallet_liability"], json!(liability));

    let (binary, generations) = (totals(&platform, "binary").await, totals(&platform, "generations").await);
    let mut pairs = Vec::new();
    for member in &members {
        pairs.extend(list(&platform, &format!("/binary/pairs?user_id={}", member.id)).await);
    }
    let (made, ended) = (has(&pairs, "status", &["matched", "voided"]), has(&pairs, "status", &["voided"]));
    for report in [&binary, &generations] {
        assert_eq!((&report["pairs_matched"], &report["gross"]), (&json!(made.len()), &sum(made.clone(), "gross")));
        assert_eq!(
            (&report["pairs_voided"], &report["voided_gross"]),
            (&json!(ended.len()), &sum(ended.clone(), "gross"))
        );
    }
    assert_eq!(generations["referral_bonus"], wallet["referral_bonus"]);
    assert_ne!(binary["gross"], "0.00");

    let (payouts, report) = (list(&platform, "/payouts").await, totals(&platform, "payouts").await);
    let paid = has(&payouts, "status", &["completed"]);
    assert_eq!(
        (&report["requested"], &report["requested_amount"]),
        (&json!(payouts.len()), &sum(&payouts, "requested"))
    );
    assert_eq!((&report["tds"], &report["net"]), (&sum(paid.clone(), "tds"), &sum(paid, "net")));
    let open = has(&payouts, "status", &["requested", "pending", "approved", "processing"]);
    let ages = totals(&platform, "payout-ageing").await;
    assert_eq!((&ages["open"], &ages["open_amount"]), (&json!(1), &sum(open, "requested")));

    let mut unpaid = Money::ZERO;
    for booking in has(&bookings, "status", &["confirmed"]) {
        let path = format!("/bookings/{}/emi", booking["id"].as_str().unwrap());
        let schedule = platform.admin().await.http.get(&path).await.expect(200);
        for instalment in schedule.as_array().unwrap() {
            unpaid = unpaid.add(amount(&instalment["amount"]).sub(amount(&instalment["paid"])).unwrap()).unwrap();
        }
    }
    assert_eq!(totals(&platform, "emi-ageing").await["unpaid"], json!(unpaid));
    assert_ne!(unpaid, Money::ZERO);
    let cohorts = totals(&platform, "cohorts").await;
    assert_eq!((&cohorts["joined"], &cohorts["booked"]), (&json!(members.len()), &json!(members.len())));
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_by_command_gives_the_same_figures() {
    let process = Process::start().await;
    let platform = TestPlatform::process(&process.url());
    let sponsor = platform.member(None).await;
    sponsor.join_tree(&platform).await;
    platform.member(Some(&sponsor)).await.join_tree(&platform).await;
    process.drain().await;
    let figures = async || {
        let mut figures = Vec::new();
        for name in ["dashboard", "sales", "users", "wallet", "payouts", "binary", "cohorts", "generations"] {
            figures.push(platform.admin().await.http.get(&format!("/reports/{name}")).await.expect(200));
        }
        figures
    };
    let before = figures().await;
    let rebuild = async || {
        let database = process.database("reports");
        let command = move || stdout_of(&ev(&["reports", "rebuild"], Some(database)));
        tokio::task::spawn_blocking(command).await.unwrap()
    };
    assert_eq!(rebuild().await, "0 sums differed from the facts and are corrected");
    assert_eq!(figures().await, before);
    let db = Db::connect(&DbConfig::new(process.database("reports"))).await.unwrap();
    let spoil =
        "UPDATE rollups SET facts = facts + 1 WHERE noun = 'receipt'; DELETE FROM rollups WHERE noun = 'joined'";
    db.write().await.unwrap().batch_execute(spoil).await.unwrap();
    assert_ne!(figures().await, before);
    assert_ne!(rebuild().await, "0 sums differed from the facts and are corrected");
    assert_eq!(figures().await, before);
}
