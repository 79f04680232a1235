//! Query plans: every list is read in the order of an index.

use crate::fixture::*;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use testkit::{Client, Statements};

/// A row of `EXPLAIN QUERY PLAN`.
#[derive(QueryableByName)]
struct QueryPlanRow {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Reads of the journal and of explanations, by every index.
async fn journal_paths(staff: &Client) -> Vec<String> {
    let entries = staff.get("/ledger/entries?limit=1").await.expect(200);
    let cursor = entries["next_cursor"].as_str().unwrap().to_owned();
    let id_of = |list: &Value| list["items"][0]["id"].as_str().unwrap().to_owned();
    let line = id_of(&staff.get("/wallet/transactions").await.expect(200));
    let forfeit = id_of(&staff.get("/wallet/forfeits").await.expect(200));
    let (days, member) = ("from=2026-11-01&to=2026-11-30", format!("user_id={}", id(A)));
    let queries = [
        String::new(),
        days.to_owned(),
        format!("cursor={cursor}"),
        "kind=referral".to_owned(),
        format!("kind=referral&{days}&cursor={cursor}"),
        format!("account=bank&{days}"),
        format!("account=bank&cursor={cursor}"),
        format!("{member}&{days}"),
        format!("{member}&kind=referral&account=available&cursor={cursor}"),
    ];
    let mut paths: Vec<String> = queries.iter().map(|query| format!("/ledger/entries?{query}")).collect();
    paths.extend([
        format!("/ledger/entries/{}", id_of(&entries)),
        "/ledger/trial-balance/series?from=2026-11-09&to=2026-11-10".to_owned(),
        format!("/wallet/transactions/{line}/explain"),
        format!("/wallet/forfeits/{forfeit}/explain"),
    ]);
    paths
}

#[tokio::test]
async fn no_list_scans_or_sorts_a_table() {
    let s = start_wallet().await;
    let log = Statements::record(&s);
    for n in 1..=3 {
        s.deliver_now(&paid(n, B, A, "500.00", "25.00")).await;
        s.deliver_now(&paid(10 + n, B, A, "500.00", "0.00")).await;
    }
    deposit(&s, A, "10.00").await;
    let (staff, me) = (s.as_staff(), s.as_user(user(A)));
    let first = staff.get("/wallet/transactions?limit=1").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let (days, member) = ("from=2026-11-01&to=2026-11-30", format!("user_id={}", id(A)));
    let of_journal = journal_paths(&staff).await;
    log.drain();
    let mut requests = 0;
    let of_wallets = [
        "/wallet/transactions".to_owned(),
        "/wallet/transactions?type=DEPOSIT".to_owned(),
        format!("/wallet/transactions?{days}"),
        format!("/wallet/transactions?type=REFERRAL_BONUS&{days}"),
        format!("/wallet/transactions?cursor={cursor}"),
        format!("/wallet/transactions?type=REFERRAL_BONUS&cursor={cursor}&{days}"),
        format!("/wallet/transactions?{member}"),
        format!("/wallet/transactions?type=DEPOSIT&{days}&{member}"),
        "/wallet/transactions?type=DEPOSIT,REFERRAL_BONUS".to_owned(),
        format!("/wallet/transactions?type=DEPOSIT,REFERRAL_BONUS&{member}"),
        "/wallet/forfeits".to_owned(),
        format!("/wallet/forfeits?{member}"),
        "/ledger/accounts".to_owned(),
        format!("/ledger/accounts?{member}&as_of=2026-11-10"),
        "/ledger/trial-balance".to_owned(),
        "/ledger/trial-balance?as_of=2026-11-10".to_owned(),
        format!("/wallets/{}", id(A)),
    ];
    for path in of_wallets.into_iter().chain(of_journal) {
        staff.get(&path).await.expect(200);
        requests += 1;
    }
    for path in ["/wallet", "/wallet/transactions?type=DEPOSIT", "/wallet/forfeits", "/wallet/statement?month=2026-11"]
    {
        assert_eq!(me.get(path).await.status, 200, "{path}");
        requests += 1;
    }
    let own = ["`postings`", "`journal_entries`", "`wallets`", "`forfeits`", "`closings`", "`members`"];
    let reads = |sql: &String| sql.starts_with("SELECT") && own.iter().any(|t| sql.contains(t));
    let statements: Vec<String> = log.drain().into_iter().filter(reads).collect();
    assert!(statements.len() >= requests, "{statements:#?}");
    let mut c = s.ctx().db().read().await.unwrap();
    for sql in statements {
        let plan: Vec<QueryPlanRow> =
            diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(&mut c).await.unwrap();
        for step in plan {
            let scans = step.detail.starts_with("SCAN") && !(sql.contains("LIMIT") || step.detail.contains("rollups"));
            let sorts = step.detail.contains("TEMP B-TREE FOR ORDER BY");
            assert!(!scans && !sorts, "{sql}\n{}", step.detail);
            let joined_whole = sql.contains("JOIN") && step.detail.starts_with("SCAN journal_entries");
            assert!(!joined_whole, "{sql}\n{}", step.detail);
        }
    }
    drop(c);
    s.finish().await;
}
