//! Reads that take long, beside those of requests.

use crate::fixture::Fixture;
use crate::store::{account, balance, id, insert};
use db::{Db, DbConfig};
use domain::Money;
use std::time::Duration;

pub(crate) async fn two_have_a_turn_and_a_third_has_none(f: Fixture) {
    let first = f.db.long_read(Duration::ZERO).await.unwrap();
    let _second = f.db.long_read(Duration::ZERO).await.unwrap();
    assert!(f.db.long_read(Duration::ZERO).await.is_none());
    assert!(f.db.long_read(Duration::from_millis(20)).await.is_none());
    drop(first);
    assert!(f.db.long_read(Duration::ZERO).await.is_some(), "a turn ends when dropped");
}

pub(crate) async fn long_reads_take_no_connection_from_requests(f: Fixture) {
    let f = f.migrated().await;
    insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
    let db = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
    let turns = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    let mut connections = Vec::new();
    for turn in &turns {
        connections.push(turn.connection().await.unwrap());
    }
    for c in &mut connections {
        assert_eq!(balance(c, id(1)).await.unwrap(), Money::from_paise(5));
    }
    assert_eq!(balance(&mut db.read().await.unwrap(), id(1)).await.unwrap(), Money::from_paise(5));
}
