//! The comparison of the services' databases: nothing after the demonstration, and every difference that is made.

use crate::commands::{ev, stdout_of};
use crate::process::Process;
use db::{Db, DbConfig};
use diesel_async::SimpleAsyncConnection;
use serde_json::Value;

/// A change to a database: kind of the record that differs then, service, statement, and the one that undoes it.
const CHANGES: [(&str, &str, &str, &str); 9] = [
    (
        "users",
        "auth",
        "UPDATE users SET is_active_buyer = NOT is_active_buyer WHERE referrer_id IS NULL AND role = 'user'",
        "UPDATE users SET is_active_buyer = NOT is_active_buyer WHERE referrer_id IS NULL AND role = 'user'",
    ),
    ("bookings", "payout", "UPDATE bookings SET version = version - 1", "UPDATE bookings SET version = version + 1"),
    (
        "payments",
        "reports",
        "UPDATE receipts SET amount_paise = amount_paise + 1 WHERE kind = 'payment'",
        "UPDATE receipts SET amount_paise = amount_paise - 1 WHERE kind = 'payment'",
    ),
    (
        "referral bonuses",
        "binary",
        "UPDATE referrals SET bonus_paise = bonus_paise + 1 WHERE bonus_paise > 0",
        "UPDATE referrals SET bonus_paise = bonus_paise - 1 WHERE bonus_paise > 0",
    ),
    ("placements", "reports", "UPDATE placements SET manual = NOT manual", "UPDATE placements SET manual = NOT manual"),
    (
        "earning pairs",
        "reports",
        "UPDATE pair_facts SET gross_paise = gross_paise + 1 WHERE fact = 'matched'",
        "UPDATE pair_facts SET gross_paise = gross_paise - 1 WHERE fact = 'matched'",
    ),
    (
        "holds",
        "wallet",
        "UPDATE holds SET amount_paise = amount_paise + 1",
        "UPDATE holds SET amount_paise = amount_paise - 1",
    ),
    (
        "deducted tax",
        "payout",
        "UPDATE tax_lines SET tds_paise = tds_paise + 1",
        "UPDATE tax_lines SET tds_paise = tds_paise - 1",
    ),
    (
        "wallets",
        "payout",
        "UPDATE members SET held_paise = held_paise + 1 WHERE wallet_version > 0",
        "UPDATE members SET held_paise = held_paise - 1 WHERE wallet_version > 0",
    ),
];

/// Checks that the services of a process store the same.
pub(crate) fn assert_services_agree(process: &Process) {
    let output = ev(&["reconcile", "--data", process.data.to_str().unwrap()], None);
    assert!(stdout_of(&output).ends_with("ok"));
}

fn reconcile(process: &Process) -> (bool, Value) {
    let data = process.data.to_str().unwrap();
    let output = ev(&["reconcile", "--json", "--settle-secs", "0", "--data", data], None);
    (output.status.success(), serde_json::from_slice(&output.stdout).unwrap())
}

/// The names of the kinds with this property.
fn kinds(outcome: &Value, has: impl Fn(&Value) -> bool) -> Vec<&str> {
    let all = outcome["kinds"].as_array().unwrap();
    all.iter().filter(|kind| has(kind)).map(|kind| kind["kind"].as_str().unwrap()).collect()
}

async fn execute(process: &Process, service: &str, statement: &str) {
    let db = Db::connect(&DbConfig::new(process.database(service))).await.unwrap();
    db.write().await.unwrap().batch_execute(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_between_the_services_is_found() {
    let process = Process::start().await;
    let url = process.url();
    let demo = tokio::task::spawn_blocking(move || ev(&["demo", "--members", "8", "--url", &url], None)).await.unwrap();
    stdout_of(&demo);
    process.drain().await;
    assert_services_agree(&process);
    let (ok, outcome) = reconcile(&process);
    assert!(ok, "{outcome:#}");
    let compared = kinds(&outcome, |kind| kind["records"].as_object().unwrap().len() >= 2);
    assert_eq!(compared.len(), outcome["kinds"].as_array().unwrap().len(), "a kind that one service alone has");
    let without = kinds(&outcome, |kind| kind["records"].as_object().unwrap().values().all(|count| count == 0));
    eprintln!("kinds without a record in the demonstration: {without:?}");

    for (kind, service, change, undo) in CHANGES {
        assert!(!without.contains(&kind), "{kind} cannot be tested");
        execute(&process, service, change).await;
        let (ok, outcome) = reconcile(&process);
        assert!(!ok, "{kind}");
        let differing = kinds(&outcome, |kind| kind["differing"] != 0);
        assert_eq!(differing, [kind], "{outcome:#}");
        execute(&process, service, undo).await;
    }
    let (ok, outcome) = reconcile(&process);
    assert!(ok, "{outcome:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_any_service_lacks_is_found() {
    let process = Process::start().await;
    let url = process.url();
    let demo = tokio::task::spawn_blocking(move || ev(&["demo", "--members", "6", "--url", &url], None)).await.unwrap();
    stdout_of(&demo);
    process.drain().await;
    let mut expected: Vec<&str> = Vec::new();
    for (kind, service, table) in [
        ("EMI reserves", "booking", "emi_reserves"),
        ("bookings", "reports", "bookings"),
        ("payouts", "reports", "payouts"),
        ("wallets", "reports", "wallets"),
    ] {
        execute(&process, service, &format!("DELETE FROM {table}")).await;
        expected.push(kind);
        let (ok, outcome) = reconcile(&process);
        let differing = kinds(&outcome, |kind| kind["differing"] != 0);
        assert!(!ok);
        expected.sort_unstable();
        assert_eq!(differing, expected, "{outcome:#}");
    }
    let text = ev(&["reconcile", "--settle-secs", "0", "--data", process.data.to_str().unwrap()], None);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("reports has none") && text.ends_with("not ok\n"), "{text}");
}
