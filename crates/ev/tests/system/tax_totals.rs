//! Tax in the statement of a quarter, and the tax that the ledger owes, after a thousand random payouts.

use crate::platform::{TestPlatform, TestUser};
use domain::Money;
use messaging::memory::MemoryBus;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::FakeClock;

const MEMBERS: usize = 20;
const ROUNDS: usize = 50;

/// What becomes of a payout.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Rejected,
    Failed,
    Paid,
    Returned,
}

async fn act(platform: &TestPlatform, ids: &[(String, Outcome)], step: &str, outcomes: &[Outcome], body: Value) {
    let staff = &platform.staff().await.http;
    for (id, _) in ids.iter().filter(|(_, outcome)| outcomes.contains(outcome)) {
        let reply = staff.post(&format!("/payouts/{id}/{step}"), body.clone()).await;
        assert_eq!(reply.status, 200, "{step}: {}", reply.text);
    }
    platform.drain().await;
}

async fn round(platform: &TestPlatform, members: &[TestUser], random: &mut fastrand::Rng) {
    let mut ids = Vec::new();
    for member in members {
        // Odd paise, so that the tax is rounded.
        let amount = Money::from_paise(random.i64(50_000..500_000)).to_string();
        let body = json!({ "amount": amount, "emi_autofill": false });
        let payout = member.http.post("/payouts", body).await.expect(201);
        let outcome = match random.u8(0..10) {
            0 => Outcome::Rejected,
            1 => Outcome::Failed,
            2 => Outcome::Returned,
            _ => Outcome::Paid,
        };
        ids.push((payout["id"].as_str().unwrap().to_owned(), outcome));
    }
    platform.drain().await;
    let (paid, failed) = ([Outcome::Paid, Outcome::Returned], [Outcome::Failed]);
    act(platform, &ids, "reject", &[Outcome::Rejected], json!({ "reason": "no" })).await;
    let staff = &platform.staff().await.http;
    for (id, _) in ids.iter().filter(|(_, outcome)| *outcome != Outcome::Rejected) {
        staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    }
    platform.drain().await;
    act(platform, &ids, "settle", &failed, json!({ "outcome": "failed", "reason": "no account" })).await;
    for (id, _) in ids.iter().filter(|(_, outcome)| paid.contains(outcome)) {
        let body = json!({ "outcome": "paid", "utr": id.replace('-', "")[..16] });
        staff.post(&format!("/payouts/{id}/settle"), body).await.expect(200);
    }
    platform.drain().await;
    act(platform, &ids, "return", &[Outcome::Returned], json!({ "reason": "account closed" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn control_totals_of_a_quarter_are_the_tax_that_the_ledger_owes() {
    let clock = Arc::new(FakeClock::at("2026-11-10T06:00:00Z".parse().unwrap()));
    let platform = TestPlatform::in_process(Some(clock), MemoryBus::new(), None).await;
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        let member = platform.member(None).await;
        member.approve_kyc(&platform).await;
        member.deposit(&platform, "250000.00").await;
        members.push(member);
    }
    platform.drain().await;
    let mut random = fastrand::Rng::with_seed(20_261_110);
    for _ in 0..ROUNDS {
        round(&platform, &members, &mut random).await;
    }
    let staff = &platform.staff().await.http;
    let statement = staff.get("/compliance/tds/2026-27/Q3/statement").await;
    let last = statement.text.lines().last().unwrap().split(',').collect::<Vec<_>>();
    let total: Money = last[5].parse().unwrap();
    // A returned payout has two records, a rejected or failed one has none.
    let records: usize = last[3].parse().unwrap();
    assert!((700..=MEMBERS * ROUNDS * 2).contains(&records), "{records}");
    let list = staff.get("/compliance/tds?fy=2026-27&limit=1").await.expect(200);
    assert_eq!(list["total_tds"], json!(last[5]));
    let trial = staff.get("/ledger/trial-balance").await.expect(200);
    let accounts = trial["accounts"].as_array().unwrap();
    let owed = accounts.iter().find(|account| account["account"] == "company:tds_payable").expect("an account");
    assert_eq!((&owed["credit"], &owed["debit"]), (&json!(total.to_string()), &json!("0.00")), "{owed}");
    assert!(total.is_positive());
    platform.finish().await;
}
