//! What the accounts come to now is a rollup and the few postings after it.

use crate::fixture::*;
use crate::guarded::a_story;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::Money;
use std::collections::BTreeMap;
use testkit::TestService;
use testkit::statements::{Statements, reading};

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Σ of all postings by account, without those that come to nothing.
async fn summed(s: &TestService) -> BTreeMap<String, i64> {
    let mut c = s.ctx().db().read().await.unwrap();
    let sql = "SELECT account, CAST(SUM(amount_paise) AS SIGNED) AS total FROM postings GROUP BY account";
    let rows: Vec<Sum> = diesel::sql_query(sql).load(&mut c).await.unwrap();
    rows.into_iter().filter(|row| row.total != 0).map(|row| (row.account, row.total)).collect()
}

/// The same, as the trial balance has it.
async fn shown(s: &TestService) -> BTreeMap<String, i64> {
    let trial = s.as_staff().get("/ledger/trial-balance").await.expect(200);
    assert_eq!(trial["difference"], "0.00", "{trial}");
    let paise = |value: &serde_json::Value| value.as_str().unwrap().parse::<Money>().unwrap().paise();
    let account = |line: &serde_json::Value| line["account"].as_str().unwrap().split_once(':').unwrap().1.to_owned();
    let lines = trial["accounts"].as_array().unwrap().iter();
    let all = lines.map(|line| (account(line), paise(&line["credit"]) - paise(&line["debit"])));
    all.filter(|(_, total)| *total != 0).collect()
}

pub(crate) async fn the_trial_balance_is_the_sum_of_all_postings(s: &TestService) {
    a_story(s).await;
    assert_eq!(shown(s).await, summed(s).await, "without a rollup");
    s.run_job("rollup").await;
    assert_eq!(shown(s).await, summed(s).await);
    for n in 0..5 {
        s.deliver_now(&paid(100 + n, B, A, "500.00", "25.00")).await;
        assert_eq!(shown(s).await, summed(s).await, "with postings after the rollup");
        if n % 2 == 0 {
            s.run_job("rollup").await;
            assert_eq!(shown(s).await, summed(s).await);
        }
    }
    let rebuild = "DELETE FROM account_rollups";
    s.ctx().db().write().await.unwrap().batch_execute(rebuild).await.unwrap();
    assert_eq!(shown(s).await, summed(s).await, "without a rollup again");
    s.run_job("rollup").await;
    assert_eq!(shown(s).await, summed(s).await, "rebuilt");
    sound(s).await;
    let wrong = "UPDATE account_rollups SET total_paise = total_paise + 1 WHERE account = 'available'";
    s.ctx().db().write().await.unwrap().batch_execute(wrong).await.unwrap();
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    let faults = verified["faults"].as_array().unwrap();
    assert_eq!((faults.len(), faults[0]["kind"].as_str().unwrap()), (1, "rollup_differs"), "{verified}");
}

#[tokio::test]
async fn the_trial_balance_is_the_sum_of_all_postings_at_any_time() {
    let s = wallet().await;
    the_trial_balance_is_the_sum_of_all_postings(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_trial_balance_reads_no_posting_that_is_rolled_up() {
    let s = wallet().await;
    let log = Statements::of(&s);
    s.deliver_now(&placed((1..=200).map(|n| pair(A, n, "0.00")).collect())).await;
    s.run_job("rollup").await;
    // Nothing is left to read: the rollup's own rows say it all, though the postings are changed past the platform.
    let hide = "DROP TRIGGER postings_refuse_update; UPDATE postings SET amount_paise = 1";
    s.ctx().db().write().await.unwrap().batch_execute(hide).await.unwrap();
    log.taken();
    assert_eq!(shown(&s).await["available"], 200 * 50_000);
    let statements = log.taken();
    let reads = reading(&statements, "postings");
    assert!(reads.len() == 1 && reads[0].contains("`position` > ?"), "{reads:#?}");
    s.finish().await;
}
