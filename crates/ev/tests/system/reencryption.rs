//! `ev pii re-encrypt`: replacement of the PII key of a running platform, with a kill on the way.

use crate::commands::{ev, stdout_of};
use crate::platform::{TestPlatform, TestUser};
use crate::process::Process;
use db::{Db, DbConfig};
use diesel::sql_types::Binary;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use pii::Sealer;
use runtime::Env;
use runtime::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Bank accounts that are inserted directly, so that a kill finds the command at work.
const ACCOUNTS: usize = 3_000;
const NEW_KEY: &str = "new:TkVXS0VZTkVXS0VZTkVXS0VZTkVXS0VZTkVXS0VZTks=";

fn stored_secrets(process: &Process) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(process.data.join("secrets.env")).unwrap();
    text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// Changes `PII_KEYS` of a platform that is not running.
fn set_keys(process: &Process, keys: &str) {
    let change = |(name, value): (String, String)| {
        let value = if name == "PII_KEYS" { keys.to_owned() } else { value };
        format!("{name}={value}\n")
    };
    let text: String = stored_secrets(process).into_iter().map(change).collect();
    std::fs::write(process.data.join("secrets.env"), text).unwrap();
}

/// Runs the command; returns whether it succeeded, and the sums of its counts over all columns.
fn reencrypt(process: &Process, arguments: &[&str]) -> (bool, Value) {
    let data = process.data.to_str().unwrap();
    let output = ev(&[&["pii", "re-encrypt", "--json", "--data", data], arguments].concat(), None);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let sum = |field: &str| -> u64 {
        report["columns"].as_array().unwrap().iter().map(|column| column[field].as_u64().unwrap()).sum()
    };
    assert_eq!(report["ok"], json!(output.status.success()));
    let sums = json!({ "resealed": sum("resealed"), "outdated": sum("outdated"), "unreadable": sum("unreadable") });
    (output.status.success(), sums)
}

async fn insert_accounts(process: &Process, owner: &TestUser, sealer: &Sealer) {
    let owner: uuid::Uuid = owner.id.parse().unwrap();
    let db = Db::connect(&DbConfig::new(process.database("payout"))).await.unwrap();
    db.tx(async |c| -> Result<(), db::DbError> {
        for n in 0..ACCOUNTS {
            let number = format!("{n:012}");
            diesel::sql_query(
                "INSERT INTO bank_accounts (id, user_id, source, account_sealed, account_index, account_mask, ifsc, \
                 holder_name, bank_name, live, created_at) VALUES (?, ?, 'member', ?, ?, 'x', 'HDFC0001234', 'A', 'B', \
                 NULL, '2026-01-01 00:00:00')",
            )
            .bind::<Binary, _>(runtime::id::fresh::<uuid::Uuid>().as_bytes().to_vec())
            .bind::<Binary, _>(owner.as_bytes().to_vec())
            .bind::<Binary, _>(sealer.seal("bank_account", &number))
            .bind::<Binary, _>(sealer.index("bank_account", &number).to_vec())
            .execute(c)
            .await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// Kills the command after its first batches.
fn kill_on_the_way(process: &Process) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ev"));
    command.args(["pii", "re-encrypt", "--batch", "1", "--data"]).arg(&process.data).env_clear();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let accounts = |line: &String| line.starts_with("payout bank_accounts.account_sealed: ");
    lines.map(Result::unwrap).find(accounts).expect("progress");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Members who add and remove bank accounts. Returns the masks that each must have at the end.
async fn change_accounts(members: &[TestUser]) -> Vec<Vec<String>> {
    let mut expected = Vec::new();
    for round in 0..10 {
        for (n, member) in members.iter().enumerate() {
            let number = format!("{:012}", 900_000 + 1000 * n + round);
            let body = json!({
                "account_number": number, "ifsc": "HDFC0001234", "holder_name": "A Member", "bank_name": "HDFC Bank",
            });
            let added = member.http.post("/payouts/bank-accounts", body).await.expect(201);
            if round < 8 {
                let path = format!("/payouts/bank-accounts/{}", added["id"].as_str().unwrap());
                member.http.delete(&path).await.expect(204);
            }
        }
    }
    for member in members {
        expected.push(masks(member).await);
    }
    expected
}

async fn masks(member: &TestUser) -> Vec<String> {
    let listed = member.http.get("/payouts/bank-accounts").await.expect(200);
    listed["items"].as_array().unwrap().iter().map(|account| account["account_number"].to_string()).collect()
}

/// A payout that is paid, so that compliance stores a TDS record.
async fn pay_out(platform: &TestPlatform, member: &TestUser) {
    member.deposit(platform, "1000.00").await;
    member.wait_for_balance(platform, "available", "1000.00").await;
    let kyc = async || member.http.get("/users/me").await.expect(200)["kyc_status"].clone();
    platform.wait_until("the KYC", json!("approved"), kyc).await;
    let id = member.payout(platform, "1000.00", false).await["id"].as_str().unwrap().to_owned();
    let staff = &platform.staff().await.http;
    staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    member.wait_for_balance(platform, "held", "0.00").await;
    staff.post(&format!("/payouts/{id}/settle"), json!({ "outcome": "paid", "utr": "UTR0001" })).await.expect(200);
}

async fn statement(platform: &TestPlatform, now: Timestamp) -> String {
    let path = format!("/compliance/tds/{}/{}/statement", now.financial_year(), now.quarter());
    let reply = platform.admin().await.http.get(&path).await;
    assert_eq!(reply.status, 200);
    reply.text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_sealed_again_while_the_platform_runs_also_after_a_kill() {
    let process = Process::start().await;
    let platform = TestPlatform::process(&process.url());
    let members = [platform.member(None).await, platform.member(None).await];
    for member in &members {
        member.approve_kyc(&platform).await;
    }
    pay_out(&platform, &members[0]).await;
    process.drain().await;
    let before = statement(&platform, SystemClock.now()).await;
    let secrets = stored_secrets(&process);
    let old_keys = secrets.iter().find(|(name, _)| name == "PII_KEYS").unwrap().1.clone();
    let old = Sealer::from_env(&Env::from_pairs(secrets)).unwrap();
    insert_accounts(&process, &members[0], &old).await;
    assert!(reencrypt(&process, &["--dry-run"]).0, "one key has sealed everything");

    assert!(process.terminate().await.0.success());
    set_keys(&process, &format!("{NEW_KEY},{old_keys}"));
    process.run().await;
    let (ok, all) = reencrypt(&process, &["--dry-run"]);
    let outdated = all["outdated"].as_u64().unwrap();
    // Also two KYC applications with PAN and account each, their events, what payout and compliance store of them.
    assert!(!ok && outdated > u64::try_from(ACCOUNTS).unwrap() + 12, "{all}");
    assert_eq!((&all["resealed"], &all["unreadable"]), (&json!(0), &json!(0)));

    kill_on_the_way(&process);
    let (_, rest) = reencrypt(&process, &["--dry-run"]);
    let left = rest["outdated"].as_u64().unwrap();
    assert!(0 < left && left < outdated, "{rest} of {all}");
    assert_eq!(rest["unreadable"], 0);

    let (second, expected) = tokio::join!(
        async { tokio::task::block_in_place(|| reencrypt(&process, &["--batch", "7"])) },
        change_accounts(&members)
    );
    assert!(second.0, "{second:?}");
    assert!(second.1["resealed"].as_u64().unwrap() >= left, "{second:?}");

    assert!(process.terminate().await.0.success());
    set_keys(&process, NEW_KEY);
    let data = process.data.to_str().unwrap();
    let report = stdout_of(&ev(&["pii", "re-encrypt", "--data", data], None));
    assert!(report.ends_with("ok: every value is sealed with key new, after 1 pass"), "{report}");
    process.run().await;
    for (member, expected) in members.iter().zip(expected) {
        assert_eq!(masks(member).await, expected);
    }
    assert_eq!(statement(&platform, SystemClock.now()).await, before);
    process.assert_nothing_parked("re-encryption").await;

    // With a key that opens nothing, the values stay.
    assert!(process.terminate().await.0.success());
    set_keys(&process, &old_keys);
    let (ok, lost) = reencrypt(&process, &[]);
    assert!(!ok && lost["unreadable"].as_u64().unwrap() >= outdated && lost["resealed"] == 0, "{lost}");
    set_keys(&process, NEW_KEY);
    assert!(reencrypt(&process, &["--dry-run"]).0);
}
