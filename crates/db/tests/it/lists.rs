//! Pages of a list, `IN` lists of every length, and the number of statements prepared for them.

use crate::fixture::Fixture;
use crate::store::{Account, RowId, account, accounts, id, insert};
use db::{AnyOfExt, BackendKind, DbConnection, SortOrder, keyset};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

pub(crate) async fn a_list_of_any_length_finds_its_rows(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    for n in 1..=5 {
        insert(c, &account(n, &format!("o{n}"), 5)).await.unwrap();
    }
    for (asked, found) in
        [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (64, 5), (255, 5), (256, 5), (257, 5), (700, 5)]
    {
        let ids: Vec<_> = (1..=asked).map(id).collect();
        let rows: Vec<String> =
            accounts::table.filter(accounts::id.any_of(&ids)).select(accounts::owner).load(c).await.unwrap();
        assert_eq!(rows.len(), found, "{asked}");
    }
}

/// Lists accounts by version and id in pages of two.
async fn list_by_version(c: &mut DbConnection, order: SortOrder) -> Vec<RowId> {
    let (mut listed, mut after): (Vec<RowId>, Option<(i64, RowId)>) = (Vec::new(), None);
    loop {
        let query = accounts::table.limit(2).select((accounts::version, accounts::id)).into_boxed::<db::MultiBackend>();
        let page: Vec<(i64, RowId)> =
            keyset!(query, order, (accounts::version, accounts::id), after).load(c).await.unwrap();
        let Some(last) = page.last() else { return listed };
        after = Some(*last);
        listed.extend(page.into_iter().map(|(_, id)| id));
    }
}

pub(crate) async fn a_list_has_every_row_once_in_either_direction(f: Fixture) {
    let f = f.migrated().await;
    let c = &mut *f.db.write().await.unwrap();
    for (n, version) in [(1, 1), (2, 0), (3, 1), (4, 2), (5, 1)] {
        insert(c, &Account { version, ..account(n, &format!("o{n}"), 5) }).await.unwrap();
    }
    assert_eq!(list_by_version(c, SortOrder::Ascending).await, [2, 1, 3, 5, 4].map(id));
    assert_eq!(list_by_version(c, SortOrder::Descending).await, [4, 5, 3, 1, 2].map(id));
    for (order, after, rest) in [
        (SortOrder::Ascending, Some(id(3)), vec![id(4), id(5)]),
        (SortOrder::Descending, Some(id(3)), vec![id(2), id(1)]),
        (SortOrder::Descending, None, [5, 4, 3, 2, 1].map(id).to_vec()),
    ] {
        let query = accounts::table.select(accounts::id).into_boxed::<db::MultiBackend>();
        let listed: Vec<RowId> = keyset!(query, order, accounts::id, after).load(c).await.unwrap();
        assert_eq!(listed, rest, "{order:?}");
    }
}

#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Statements the server holds prepared for this connection; none are counted on SQLite.
async fn prepared(c: &mut DbConnection) -> u64 {
    let mut count = async |name: &str| -> u64 {
        let sql = "SELECT VARIABLE_VALUE AS value FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = ?";
        let found: Status = diesel::sql_query(sql).bind::<Text, _>(name).get_result(c).await.unwrap();
        found.value.parse().unwrap()
    };
    count("COM_STMT_PREPARE").await - count("COM_STMT_CLOSE").await
}

/// A server has a limit of 16,382 prepared statements for all clients together.
pub(crate) async fn lists_and_batches_of_every_length_use_few_prepared_statements(f: Fixture) {
    let f = f.migrated().await;
    // MySQL has these counters in another schema.
    if f.db.kind() == BackendKind::Sqlite || !crate::on_services::is_mariadb(&f).await {
        return;
    }
    let c = &mut *f.db.write().await.unwrap();
    let before = prepared(c).await;
    for n in 1..=300_u128 {
        let ids: Vec<_> = (1..=n).map(id).collect();
        let rows: i64 = accounts::table.filter(accounts::id.any_of(&ids)).count().get_result(c).await.unwrap();
        assert_eq!(rows, 0);
    }
    for n in 1..=40_u128 {
        let rows = (0..n).map(|m| account(n * 100 + m, &format!("o{n}.{m}"), 0));
        db::insert_many(c, accounts::table, rows.collect::<Vec<_>>()).await.unwrap();
    }
    let cached = prepared(c).await - before;
    assert!(cached <= 19, "{cached} statements are cached");
}
