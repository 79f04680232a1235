//! `IN` lists of every length, and the number of statements prepared for them.

use crate::fixture::Fixture;
use crate::store::{account, accounts, id, insert};
use db::{AnyOfExt, BackendKind, DbConnection};
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
