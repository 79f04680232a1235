//! Snapshots of the tree: a start goes on from the newest one, and the journal alone decides.

use crate::fixture::{drop_write_protection, join, refund, start};
use binary::app::snapshot::{SavedSnapshot, save};
use binary::app::tree_store::TreeStore;
use db::DbConnection;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::UserId;
use testkit::TestService;
use testkit::mariadb::with_database;
use testkit::statements::as_service;

async fn save_snapshot(s: &TestService) -> SavedSnapshot {
    as_service(save(&mut s.ctx().db().write().await.unwrap(), s.now())).await.unwrap()
}

/// Position and digest of the tree that a new process builds.
async fn tree_of_a_new_process(s: &TestService) -> (i64, u64) {
    let mut c = s.ctx().db().read().await.unwrap();
    let store = TreeStore::default();
    let tree_state = as_service(store.read(&mut c)).await.unwrap();
    (tree_state.tree.seq(), tree_state.tree.digest())
}

async fn execute(s: &TestService, sql: &str) {
    s.ctx().db().write().await.unwrap().batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn count(s: &TestService, table: &str) -> i64 {
    let c: &mut DbConnection = &mut s.ctx().db().read().await.unwrap();
    let rows: Vec<Count> = diesel::sql_query(format!("SELECT COUNT(*) AS n FROM {table}")).load(c).await.unwrap();
    rows[0].n
}

async fn join_some(s: &TestService, count: usize) -> UserId {
    let (sponsor, _) = join(s, "A", None).await;
    for n in 0..count {
        let (_, paid) = join(s, &format!("M{n}"), Some(sponsor)).await;
        if n % 4 == 1 {
            refund(s, &paid).await;
        }
    }
    sponsor
}

async fn a_start_reads_only_later_entries(s: &TestService) {
    let sponsor = join_some(s, 9).await;
    let saved = save_snapshot(s).await;
    assert!(saved.is_new && saved.seq > 9, "{saved:?}");
    join(s, "Later", Some(sponsor)).await;
    let replayed = tree_of_a_new_process(s).await;
    drop_write_protection(&mut s.ctx().db().write().await.unwrap(), "tree_log").await;
    execute(s, &format!("DELETE FROM tree_log WHERE seq < {}", saved.seq)).await;
    assert_eq!(tree_of_a_new_process(s).await, replayed);
}

#[tokio::test]
async fn a_start_continues_from_the_newest_snapshot() {
    let s = start().await;
    a_start_reads_only_later_entries(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn on_services_a_start_continues_from_the_newest_snapshot() {
    with_database(async |url| {
        let s = TestService::start_with(binary::service(), &[("DATABASE_URL", &url)]).await;
        a_start_reads_only_later_entries(&s).await;
        s.finish().await;
    })
    .await;
}

#[tokio::test]
async fn an_unusable_snapshot_is_ignored() {
    let s = start().await;
    join_some(&s, 6).await;
    let replayed = tree_of_a_new_process(&s).await;
    save_snapshot(&s).await;
    for change in [
        "UPDATE tree_snapshot_parts SET body = X'00'",
        "UPDATE tree_snapshot_parts SET body = SUBSTR(body, 1, LENGTH(body) - 1)",
        "DELETE FROM tree_snapshot_parts",
        "UPDATE tree_snapshots SET parts = 0",
        "UPDATE tree_snapshots SET parts = 2",
        "UPDATE tree_snapshots SET head = '{}'",
        "UPDATE tree_snapshots SET head = REPLACE(head, '\"ordinal\":', '\"ordinal\":1')",
        "UPDATE tree_snapshots SET hash = X'00'",
        "UPDATE tree_snapshots SET format = format + 1",
    ] {
        execute(&s, "CREATE TABLE copy_of_rows AS SELECT * FROM tree_snapshots").await;
        execute(&s, "CREATE TABLE copy_of_parts AS SELECT * FROM tree_snapshot_parts").await;
        execute(&s, change).await;
        assert_eq!(tree_of_a_new_process(&s).await, replayed, "{change}");
        for (table, copy) in [("tree_snapshots", "copy_of_rows"), ("tree_snapshot_parts", "copy_of_parts")] {
            execute(&s, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {copy}; DROP TABLE {copy}"))
                .await;
        }
    }
    s.finish().await;
}

/// As after a restore of an older journal without its snapshots.
#[tokio::test]
async fn a_snapshot_ahead_of_the_journal_is_ignored_and_replaced() {
    let s = start().await;
    let sponsor = join_some(&s, 4).await;
    let replayed = tree_of_a_new_process(&s).await;
    join(&s, "Lost", Some(sponsor)).await;
    let ahead = save_snapshot(&s).await;
    drop_write_protection(&mut s.ctx().db().write().await.unwrap(), "tree_log").await;
    execute(&s, &format!("DELETE FROM tree_log WHERE seq > {}", replayed.0)).await;
    execute(&s, &format!("UPDATE tree_head SET seq = {}", replayed.0)).await;
    assert_eq!(tree_of_a_new_process(&s).await, replayed);
    let saved = save_snapshot(&s).await;
    assert!(saved.is_new && saved.seq < ahead.seq, "{saved:?}");
    assert_eq!((count(&s, "tree_snapshots").await, tree_of_a_new_process(&s).await), (1, replayed));
    s.finish().await;
}

/// The journal has grown again, with another last entry.
#[tokio::test]
async fn a_snapshot_of_another_journal_is_ignored() {
    let s = start().await;
    join_some(&s, 4).await;
    save_snapshot(&s).await;
    drop_write_protection(&mut s.ctx().db().write().await.unwrap(), "tree_log").await;
    let seq = tree_of_a_new_process(&s).await.0;
    execute(&s, &format!("UPDATE tree_log SET at = '2026-11-10 23:00:00' WHERE seq = {seq}")).await;
    let mut c = s.ctx().db().read().await.unwrap();
    let refused = TreeStore::default().read(&mut c).await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|error| error.contains(&format!("entry {seq} has time"))), "the journal was replayed");
    drop(c);
    s.finish().await;
}

/// A whole snapshot of another tree: its hash and its digest are right.
#[tokio::test]
async fn a_snapshot_that_the_journal_does_not_continue_is_ignored_and_reported() {
    let (s, other) = (start().await, start().await);
    join_some(&other, 3).await;
    save_snapshot(&other).await;
    let file = other.database().trim_start_matches("sqlite://").split('?').next().unwrap().to_owned();
    join_some(&s, 9).await;
    let replayed = tree_of_a_new_process(&s).await;
    execute(&s, &format!("ATTACH DATABASE '{file}' AS other")).await;
    execute(&s, "INSERT INTO tree_snapshots SELECT * FROM other.tree_snapshots").await;
    execute(&s, "INSERT INTO tree_snapshot_parts SELECT * FROM other.tree_snapshot_parts").await;
    assert_eq!(tree_of_a_new_process(&s).await, replayed);
    let report = s.as_staff().get("/binary/verify").await.expect(200);
    assert_eq!((&report["ok"], &report["deviation"]["table"]), (&false.into(), &"tree_snapshots".into()), "{report}");
    other.finish().await;
    s.finish().await;
}

#[tokio::test]
async fn the_two_newest_snapshots_stay_and_an_interrupted_one_is_deleted() {
    let s = start().await;
    let sponsor = join_some(&s, 2).await;
    let orphan = "INSERT INTO tree_snapshot_parts VALUES (X'00000000000000000000000000000001', 0, X'00')";
    execute(&s, orphan).await;
    for n in 0..4 {
        join(&s, &format!("L{n}"), Some(sponsor)).await;
        let saved = save_snapshot(&s).await;
        assert!(saved.is_new);
        assert_eq!(save_snapshot(&s).await, SavedSnapshot { is_new: false, ..saved });
        let expected = (n + 1).min(2);
        assert_eq!((count(&s, "tree_snapshots").await, count(&s, "tree_snapshot_parts").await), (expected, expected));
    }
    let report = s.as_staff().get("/binary/verify").await.expect(200);
    assert_eq!(report["ok"], true, "{report}");
    s.finish().await;
}
