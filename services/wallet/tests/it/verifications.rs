//! Verifications do not disturb other requests.

use crate::fixture::*;
use proto_events::binary::v1::Pair;
use std::time::Duration;
use testkit::Statements;

#[tokio::test]
async fn a_verification_uses_a_long_read_connection_and_gets_429_when_none_is_free() {
    let s = start_wallet().await;
    deposit(&s, A, "10.00").await;
    let staff = s.as_staff();
    assert_eq!(staff.get("/ledger/verify").await.expect(200)["ok"], true);
    // All connections of the pool.
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(s.ctx().db().read().await.unwrap());
    }
    assert_eq!(staff.get("/ledger/verify").await.expect(200)["ok"], true);
    drop(held);
    let db = s.ctx().db();
    let long_reads = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    let refused = staff.get("/ledger/verify").await;
    assert!(!refused.header("retry-after").is_empty(), "{:?}", refused.headers);
    assert_eq!(refused.problem(429), "request.busy");
    drop(long_reads);
    staff.get("/ledger/verify").await.expect(200);
    s.finish().await;
}

#[tokio::test]
async fn a_verification_in_the_background_has_the_report_of_one_that_is_waited_for() {
    let s = start_wallet().await;
    deposit(&s, A, "10.00").await;
    let staff = s.as_staff();
    let expected = staff.get("/ledger/verify").await.expect(200);
    let requested = staff.post_with_key("/ledger/verifications", "once", serde_json::json!({})).await;
    let repeated = staff.post_with_key("/ledger/verifications", "once", serde_json::json!({})).await;
    let (requested, repeated) = (requested.expect(202), repeated.expect(202));
    assert_eq!(requested, repeated);
    assert_eq!(staff.post_empty("/ledger/verifications").await.problem(429), "wallet.verifying");
    s.run_job("long-tasks").await;
    let done = staff.get(&format!("/ledger/verifications/{}", requested["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&done["state"], &done["result"]), (&"done".into(), &expected), "{done}");
    let list = staff.get("/ledger/verifications").await.expect(200);
    assert_eq!(list["items"], serde_json::json!([done]));
    s.finish().await;
}

#[tokio::test]
async fn concurrent_verifications_run_one_at_a_time_or_get_429() {
    let s = start_wallet().await;
    let pairs = (1..=1_200_u32).map(|n| Pair { pair_id: bytes(u128::from(n)), ..pair(u128::from(n), 1, "0.00") });
    s.deliver_now(&placed(pairs.collect())).await;
    s.run_job("seal").await;
    let requests: Vec<_> = (0..6)
        .map(|_| {
            let staff = s.as_staff();
            tokio::spawn(async move { staff.get("/ledger/verify").await })
        })
        .collect();
    let (mut served, mut refused) = (0, 0);
    for request in requests {
        let answer = request.await.unwrap();
        match answer.status {
            200 => {
                assert_eq!(answer.body["ok"], true, "{}", answer.text);
                served += 1;
            }
            _ => {
                assert!(!answer.header("retry-after").is_empty());
                assert_eq!(answer.problem(429), "wallet.verifying");
                refused += 1;
            }
        }
    }
    assert!(served >= 1 && served + refused == 6, "{served} served, {refused} refused");
    s.finish().await;
}

/// A verification without faults locks and writes nothing, and each statement reads a bounded number of rows.
#[tokio::test]
async fn a_verification_reads_in_bounded_steps_and_writes_nothing() {
    let s = start_wallet().await;
    let log = Statements::record(&s);
    for from in [0, 3_000] {
        let pairs = (from + 1..=from + 3_000_u32).map(|n| pair(A, n, "0.00"));
        s.deliver_now(&placed(pairs.collect())).await;
        s.clock.advance_secs(1_000);
        for job in ["seal", "rollup", "close"] {
            s.run_job(job).await;
        }
    }
    let staff = s.as_staff();
    staff.get("/ledger/verify").await.expect(200);
    log.drain();
    let verified = staff.get("/ledger/verify").await.expect(200);
    // The relay renews its lease at the same time.
    let statements: Vec<String> = log.drain().into_iter().filter(|sql| !sql.contains("`leases`")).collect();
    assert_eq!((&verified["ok"], &verified["entries_sealed"]), (&true.into(), &6_000.into()), "{verified}");
    assert!(statements.iter().all(|sql| sql.trim_start().starts_with("SELECT")), "{statements:#?}");
    let bounded = |sql: &String| {
        ["LIMIT", " IN (", "<= ?", "`wallets`.`user_id` = ?", "closings", "account_rollups"]
            .iter()
            .any(|b| sql.contains(b))
    };
    let tables = ["postings", "journal_entries", "seals", "wallets", "holds", "emi_reserves"];
    let reads = statements.iter().filter(|sql| tables.iter().any(|t| sql.contains(t)));
    let unbounded: Vec<&String> = reads.filter(|sql| !bounded(sql)).collect();
    assert!(unbounded.is_empty(), "{unbounded:#?}");
    s.finish().await;
}
