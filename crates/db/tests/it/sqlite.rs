//! The suite on SQLite, and tests of SQLite files.

use crate::fixture::{FIRST, Folder, SECOND, connect_error, with_sqlite};
use crate::store::{StoreError, account, enqueue, id, insert, load_for_update, set_balance};
use db::{BackendKind, Db, DbConfig, ErrorClass};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::Money;
use std::time::{Duration, Instant};

super::suite!(with_sqlite);

#[tokio::test]
async fn missing_folders_are_created() {
    let folder = Folder::new();
    let path = folder.0.join("a/b/c.db");
    let db = Db::connect(&DbConfig::new(format!("sqlite://{}", path.display()))).await.unwrap();
    assert_eq!(db.kind(), BackendKind::Sqlite);
    assert!(path.exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_an_error() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join("file"), "a file").unwrap();
    let config = DbConfig::new(format!("sqlite://{}/file/c.db", folder.0.display()));
    let message = connect_error(&config).await.to_string();
    assert!(
        message.contains("/file/c.db: ") && message.ends_with("a file has the name of the folder: move it away"),
        "{message}"
    );
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_an_error() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join("test.db"), "not a database, and long enough to be sure of it".repeat(100)).unwrap();
    let error = connect_error(&DbConfig::new(folder.url())).await;
    let message = error.to_string();
    assert!(message.contains("/test.db: file is not a database; restore the file from a backup"), "{message}");
    assert_eq!(error.class(), ErrorClass::Environment);
}

#[tokio::test]
async fn the_url_sets_the_synchronous_pragma() {
    let folder = Folder::new();
    for (parameter, level) in [("", 2), ("?synchronous=full", 2), ("?synchronous=normal", 1), ("?synchronous=off", 0)] {
        let config = DbConfig::new(format!("sqlite://{}/test.db{parameter}", folder.0.display()));
        let db = Db::connect(&config).await.unwrap();
        let asked = diesel::dsl::sql::<diesel::sql_types::BigInt>("synchronous FROM pragma_synchronous");
        let found: i64 = diesel::select(asked).get_result(&mut db.write().await.unwrap()).await.unwrap();
        assert_eq!(found, level, "{parameter}");
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        let refused = insert(&mut f.db.read().await.unwrap(), &account(1, "asha", 5)).await;
        assert!(refused.is_err());
        let long = f.db.long_read(Duration::ZERO).await.unwrap();
        assert!(insert(&mut long.connection().await.unwrap(), &account(1, "asha", 5)).await.is_err());
        insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_does_not_wait_for_a_write() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        let db = &f.db;
        db.tx::<_, StoreError, _>(async |c| {
            enqueue(c, "t", b"x").await?;
            db.ping().await?;
            let rows: i64 = crate::store::outbox::table.count().get_result(&mut db.read().await?).await?;
            assert_eq!(rows, 0, "an uncommitted row was visible");
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

/// `Db::tx` takes the write lock first, so neither process fails half-way.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_can_write_one_file() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 0)).await.unwrap();
        let processes = [Db::connect(&f.config).await.unwrap(), Db::connect(&f.config).await.unwrap()];
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let db = processes[n % 2].clone();
                tokio::spawn(async move {
                    db.tx::<_, StoreError, _>(async |c| {
                        let found = load_for_update(c, id(1)).await?;
                        let more = Money::from_paise(found.balance_paise.paise() + 1);
                        assert!(set_balance(c, &found, more).await?);
                        Ok(())
                    })
                    .await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let balance = crate::store::balance(&mut f.db.read().await.unwrap(), id(1)).await.unwrap();
        assert_eq!(balance, Money::from_paise(40));
    })
    .await;
}

#[tokio::test]
async fn a_read_only_write_connection_is_replaced() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        f.db.write().await.unwrap().batch_execute("PRAGMA query_only = ON").await.unwrap();
        let refused = f.db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await;
        let Err(StoreError::Db(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.class(), ErrorClass::Environment, "{error:?}");
        f.db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_is_an_environment_error() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        f.db.write().await.unwrap().batch_execute("PRAGMA max_page_count = 1").await.unwrap();
        let full = f.db.tx::<_, StoreError, _>(async |c| Ok(enqueue(c, "t", &[7; 1_000_000]).await?)).await;
        let Err(StoreError::Db(error)) = full else { panic!("{full:?}") };
        assert_eq!(error.class(), ErrorClass::Environment, "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_the_file_and_advice() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        f.db.reject_newer_schema(&[&FIRST, &SECOND]).await.unwrap();
        let message = f.db.reject_newer_schema(&[&FIRST]).await.unwrap_err().to_string();
        assert!(message.contains("/test.db: it has schema version 20260201000000"), "{message}");
        assert!(message.contains("start the newer program"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn the_error_for_a_damaged_file_has_advice() {
    let folder = Folder::new();
    let db = Db::connect(&DbConfig::new(folder.url())).await.unwrap();
    db.migrate(FIRST).await.unwrap();
    db.write().await.unwrap().batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    drop(db);
    let path = folder.0.join("test.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // Overwrites everything after the header of the first page.
    bytes[100..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let outcome = match Db::connect(&DbConfig::new(folder.url())).await {
        Ok(db) => db.migrate(FIRST).await.unwrap_err(),
        Err(error) => error,
    };
    let message = outcome.to_string();
    assert!(message.contains("/test.db: ") && message.contains("restore the file from a backup"), "{message}");
}

/// The thread serves other requests while a transaction waits for another process.
#[tokio::test]
async fn a_transaction_waits_for_the_write_lock_without_blocking_its_thread() {
    with_sqlite(async |f| {
        let f = f.migrated().await;
        let other = Db::connect(&f.config).await.unwrap();
        let mut holder = other.write().await.unwrap();
        holder.batch_execute("BEGIN IMMEDIATE").await.unwrap();
        let waiting = f.db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 0)).await?));
        let rest = async {
            // These sleeps progress only if SQLite does not block the thread.
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            holder.batch_execute("ROLLBACK").await.unwrap();
        };
        let begun = Instant::now();
        let (inserted, ()) = tokio::join!(waiting, rest);
        assert_eq!(inserted.unwrap(), 1);
        assert!(begun.elapsed() < Duration::from_secs(5), "the transaction waited for SQLite's own timeout");
    })
    .await;
}
