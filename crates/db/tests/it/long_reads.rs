//! Long reads and their permits.

use crate::fixture::Fixture;
use crate::store::{account, balance, id, insert};
use db::{Db, DbConfig};
use domain::Money;
use std::time::Duration;

pub(crate) async fn there_are_two_permits_for_long_reads(f: Fixture) {
    let first = f.db.long_read(Duration::ZERO).await.unwrap();
    let _second = f.db.long_read(Duration::ZERO).await.unwrap();
    assert!(f.db.long_read(Duration::ZERO).await.is_none());
    assert!(f.db.long_read(Duration::from_millis(20)).await.is_none());
    drop(first);
    assert!(f.db.long_read(Duration::ZERO).await.is_some(), "a dropped permit is free again");
}

pub(crate) async fn long_reads_take_no_connection_from_requests(f: Fixture) {
    let f = f.migrated().await;
    insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
    let db = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
    let permits = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    let mut connections = Vec::new();
    for permit in &permits {
        connections.push(permit.connection().await.unwrap());
    }
    for c in &mut connections {
        assert_eq!(balance(c, id(1)).await.unwrap(), Money::from_paise(5));
    }
    assert_eq!(balance(&mut db.read().await.unwrap(), id(1)).await.unwrap(), Money::from_paise(5));
}
