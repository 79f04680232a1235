//! Retry of waiting events by the consumer loop.

use super::fixture::{Fixture, envelope, once};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use messaging::schema::waiting as table;
use messaging::waiting;
use std::sync::atomic::{AtomicU32, Ordering};

async fn store(fixture: &Fixture, subject: &str, secs_ago: i64) {
    let since = fixture.receiver.now().plus_secs(-secs_ago);
    let mut c = fixture.receiver.db().write().await.unwrap();
    waiting::store(&mut c, "key", &envelope(subject), since).await.unwrap();
}

async fn list_waiting(fixture: &Fixture) -> Vec<String> {
    let mut c = fixture.receiver.db().read().await.unwrap();
    table::table.order(table::subject).select(table::subject).load(&mut c).await.unwrap()
}

async fn retry(fixture: &Fixture) {
    fixture.processor().retry_due(None).await.unwrap();
}

#[tokio::test]
async fn an_event_that_has_waited_for_some_time_is_retried() {
    let fixture = Fixture::new().await;
    store(&fixture, "long", 40).await;
    store(&fixture, "short", 5).await;
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["long".to_owned()]));
    assert_eq!(list_waiting(&fixture).await, ["short"]);
    assert_eq!(
        AtomicU32::load(&fixture.effects.committed, Ordering::SeqCst),
        1,
        "a handler with state in memory is notified"
    );
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["long".to_owned()]), "retried once");
}

#[tokio::test]
async fn a_waiting_event_that_fails_does_not_block_others() {
    let fixture = Fixture::new().await;
    for subject in ["good1", "poison-1", "good2"] {
        store(&fixture, subject, 40).await;
    }
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["good1".to_owned(), "good2".to_owned()]));
    assert_eq!(list_waiting(&fixture).await, ["poison-1"], "it goes on waiting");
    fixture.effects.cured.store(true, Ordering::SeqCst);
    retry(&fixture).await;
    assert!(list_waiting(&fixture).await.is_empty());
}

#[tokio::test]
async fn more_than_one_chunk_is_retried() {
    let fixture = Fixture::new().await;
    let subjects = super::fixture::subjects("user", 450);
    for subject in &subjects {
        store(&fixture, subject, 40).await;
    }
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&subjects));
}
