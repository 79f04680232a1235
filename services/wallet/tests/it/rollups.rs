//! Current account totals: the rollup and the postings after it.

use crate::fixture::*;
use crate::integrity::scenario;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::Money;
use std::collections::BTreeMap;
use testkit::TestService;
use testkit::statements::{Statements, reads_of};

#[derive(QueryableByName)]
struct AccountTotal {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Sums of all postings by account, without accounts of zero.
async fn sums_of_postings(s: &TestService) -> BTreeMap<String, i64> {
    let mut c = s.ctx().db().read().await.unwrap();
    let sql = "SELECT account, CAST(SUM(amount_paise) AS SIGNED) AS total FROM postings GROUP BY account";
    let rows: Vec<AccountTotal> = diesel::sql_query(sql).load(&mut c).await.unwrap();
    rows.into_iter().filter(|row| row.total != 0).map(|row| (row.account, row.total)).collect()
}

/// The same from the trial balance.
async fn trial_balance(s: &TestService) -> BTreeMap<String, i64> {
    let trial = s.as_staff().get("/ledger/trial-balance").await.expect(200);
    assert_eq!(trial["difference"], "0.00", "{trial}");
    let paise = |value: &serde_json::Value| value.as_str().unwrap().parse::<Money>().unwrap().paise();
    let account = |line: &serde_json::Value| line["account"].as_str().unwrap().split_once(':').unwrap().1.to_owned();
    let lines = trial["accounts"].as_array().unwrap().iter();
    let all = lines.map(|line| (account(line), paise(&line["credit"]) - paise(&line["debit"])));
    all.filter(|(_, total)| *total != 0).collect()
}

pub(crate) async fn check_trial_balance(s: &TestService) {
    scenario(s).await;
    assert_eq!(trial_balance(s).await, sums_of_postings(s).await, "without a rollup");
    s.run_job("rollup").await;
    assert_eq!(trial_balance(s).await, sums_of_postings(s).await);
    for n in 0..5 {
        s.deliver_now(&paid(100 + n, B, A, "500.00", "25.00")).await;
        assert_eq!(trial_balance(s).await, sums_of_postings(s).await, "with postings after the rollup");
        if n % 2 == 0 {
            s.run_job("rollup").await;
            assert_eq!(trial_balance(s).await, sums_of_postings(s).await);
        }
    }
    let rebuild = "DELETE FROM account_rollups";
    s.ctx().db().write().await.unwrap().batch_execute(rebuild).await.unwrap();
    assert_eq!(trial_balance(s).await, sums_of_postings(s).await, "without a rollup again");
    s.run_job("rollup").await;
    assert_eq!(trial_balance(s).await, sums_of_postings(s).await, "rebuilt");
    assert_consistent(s).await;
    let wrong = "UPDATE account_rollups SET total_paise = total_paise + 1 WHERE account = 'available'";
    s.ctx().db().write().await.unwrap().batch_execute(wrong).await.unwrap();
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    let faults = verified["faults"].as_array().unwrap();
    assert_eq!((faults.len(), faults[0]["kind"].as_str().unwrap()), (1, "rollup_differs"), "{verified}");
}

#[tokio::test]
async fn the_trial_balance_is_the_sum_of_all_postings_at_any_time() {
    let s = start_wallet().await;
    check_trial_balance(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_trial_balance_reads_no_posting_that_is_rolled_up() {
    let s = start_wallet().await;
    let log = Statements::record(&s);
    s.deliver_now(&placed((1..=200).map(|n| pair(A, n, "0.00")).collect())).await;
    s.run_job("rollup").await;
    // The totals come from the rollup alone, so a change of the postings outside the platform makes no difference.
    let change = "DROP TRIGGER postings_refuse_update; UPDATE postings SET amount_paise = 1";
    s.ctx().db().write().await.unwrap().batch_execute(change).await.unwrap();
    log.drain();
    assert_eq!(trial_balance(&s).await["available"], 200 * 50_000);
    let statements = log.drain();
    let reads = reads_of(&statements, "postings");
    assert!(reads.len() == 1 && reads[0].contains("`position` > ?"), "{reads:#?}");
    s.finish().await;
}
