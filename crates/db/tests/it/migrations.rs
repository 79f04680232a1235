//! Migrations: several sets and several processes on one database.

use crate::fixture::{BROKEN, FIRST, Fixture, SECOND};
use db::{BackendKind, Db, DbError};
use diesel_async::SimpleAsyncConnection;

pub(crate) async fn applied_migrations_are_not_run_again(f: Fixture) {
    assert_eq!(f.db.migrate(FIRST).await.unwrap(), ["20260101000000", "20260102000000"]);
    assert!(f.db.migrate(FIRST).await.unwrap().is_empty());
}

pub(crate) async fn several_sets_share_one_database(f: Fixture) {
    // The later set first: an older pending version still runs.
    assert_eq!(f.db.migrate(SECOND).await.unwrap().len(), 1);
    assert_eq!(f.db.migrate(FIRST).await.unwrap().len(), 2);
    assert!(f.db.migrate(SECOND).await.unwrap().is_empty());
    f.db.write().await.unwrap().batch_execute("SELECT 1 FROM accounts, outbox, specimens").await.unwrap();
}

pub(crate) async fn two_processes_migrating_at_once_both_succeed(f: Fixture) {
    let others = [Db::connect(&f.config).await.unwrap(), Db::connect(&f.config).await.unwrap()];
    let [a, b] = &others;
    let (one, two, three) = tokio::join!(a.migrate(FIRST), b.migrate(FIRST), f.db.migrate(FIRST));
    let mut applied = [one.unwrap().len(), two.unwrap().len(), three.unwrap().len()];
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 2]);
}

pub(crate) async fn a_broken_migration_is_an_error(f: Fixture) {
    assert!(matches!(f.db.migrate(BROKEN).await, Err(DbError::Migration(_))));
    if f.db.kind() == BackendKind::Sqlite {
        let left = f.db.write().await.unwrap().batch_execute("SELECT 1 FROM half_done").await;
        assert!(left.is_err(), "half a migration was committed");
    }
    // The lock is free again, and valid migrations still run.
    assert_eq!(f.db.migrate(FIRST).await.unwrap().len(), 2);
}
