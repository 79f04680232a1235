//! Statements and transactions that are dropped before they complete.

use crate::fixture::Fixture;
use crate::store::{StoreError, enqueue, outbox};
use db::{BackendKind, Db, DbConfig, DbError};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use std::time::Duration;

#[derive(QueryableByName, Debug)]
struct Answer {
    #[diesel(sql_type = BigInt)]
    answer: i64,
}

/// A slow statement that returns 111.
const fn slow(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Mysql => "SELECT SLEEP(0.03) + 111 AS answer",
        BackendKind::Sqlite => {
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 60000) \
             SELECT max(x) * 0 + 111 AS answer FROM c"
        }
    }
}

async fn with_one_connection(f: &Fixture) -> Db {
    Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap()
}

pub(crate) async fn an_abandoned_statement_never_answers_the_next_one(f: Fixture) {
    let db = with_one_connection(&f).await;
    for n in 0..20 {
        {
            let mut c = db.write().await.unwrap();
            let asking = diesel::sql_query(slow(db.kind())).load::<Answer>(&mut c);
            let _ = tokio::time::timeout(Duration::from_millis(1 + n), asking).await;
        }
        let asked = diesel::sql_query("SELECT CAST(222 AS SIGNED) AS answer");
        let mut c = db.write().await.unwrap();
        let got: Answer = asked.get_result(&mut c).await.unwrap();
        assert_eq!(got.answer, 222);
        // A cached statement with another value: a late result of the last round would have the same columns.
        let value = i64::try_from(n).unwrap();
        let got: i64 = diesel::select(value.into_sql::<BigInt>()).get_result(&mut c).await.unwrap();
        assert_eq!(got, value);
    }
}

pub(crate) async fn an_abandoned_transaction_is_rolled_back(f: Fixture) {
    let f = f.migrated().await;
    let db = with_one_connection(&f).await;
    for n in 0..20 {
        let tx = db.tx::<_, StoreError, _>(async |c| {
            enqueue(c, "t", b"x").await?;
            diesel::sql_query(slow(c.kind())).load::<Answer>(c).await?;
            // Stops before the commit: an abandoned commit may still take effect.
            std::future::pending::<()>().await;
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(1 + n), tx).await.is_err());
    }
    db.tx::<_, StoreError, _>(async |c| Ok(enqueue(c, "t", b"x").await?)).await.unwrap();
    let rows: i64 = outbox::table.count().get_result(&mut db.read().await.unwrap()).await.unwrap();
    assert_eq!(rows, 1);
}

pub(crate) async fn a_connection_outlives_the_worker_that_first_used_it(f: Fixture) {
    let f = f.migrated().await;
    let db = with_one_connection(&f).await;
    for _ in 0..3 {
        let db = db.clone();
        // A worker with its own runtime, which ends with the worker.
        let worker = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(db.tx::<_, DbError, _>(async |c| Ok(enqueue(c, "t", b"x").await?)))
        });
        assert_eq!(worker.await.unwrap().unwrap(), 1);
    }
    let rows: i64 = outbox::table.count().get_result(&mut db.read().await.unwrap()).await.unwrap();
    assert_eq!(rows, 3);
}
