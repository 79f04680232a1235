//! Storing of waiting events, and their retry by the consumer loop.

use super::fixture::{Fixture, envelope, once};
use super::parking::{list_parked, replay, request_replay};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use messaging::parked::ReplaySelection;
use messaging::retry::EventStore;
use messaging::schema::waiting as table;
use messaging::waiting;
use proto_events::Envelope;
use std::sync::atomic::{AtomicU32, Ordering};

async fn store(fixture: &Fixture, subject: &str, secs_ago: i64) {
    let since = fixture.receiver.now().plus_secs(-secs_ago);
    let mut c = fixture.receiver.db().write().await.unwrap();
    waiting::store(&mut c, &[("key".to_owned(), &envelope(subject))], since).await.unwrap();
}

async fn list_waiting(fixture: &Fixture) -> Vec<String> {
    let mut c = fixture.receiver.db().read().await.unwrap();
    table::table.order(table::subject).select(table::subject).load(&mut c).await.unwrap()
}

async fn retry(fixture: &Fixture) {
    fixture.processor().retry_due(EventStore::Waiting, None).await.unwrap();
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
async fn a_waiting_event_that_can_never_be_handled_is_parked_once_and_the_others_take_effect() {
    let fixture = Fixture::new().await;
    for subject in ["good1", "poison-1", "good2", "panic-1"] {
        store(&fixture, subject, 40).await;
    }
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["good1".to_owned(), "good2".to_owned()]));
    assert!(list_waiting(&fixture).await.is_empty());
    let mut parked: Vec<_> =
        list_parked(&fixture).await.into_iter().map(|event| (event.subject, event.error, event.attempts)).collect();
    parked.sort();
    let expected = [("panic-1", "panic: it panics", 3), ("poison-1", "it is poison", 1)];
    assert_eq!(parked, expected.map(|(subject, error, attempts)| (subject.to_owned(), error.to_owned(), attempts)));
    retry(&fixture).await;
    fixture.effects.cured.store(true, Ordering::SeqCst);
    assert_eq!(request_replay(&fixture, ReplaySelection::All).await, 2);
    assert_eq!(replay(&fixture).await, 2);
    assert_eq!(fixture.effects().await, once(&["good1", "good2", "panic-1", "poison-1"].map(str::to_owned)));
}

#[tokio::test]
async fn a_waiting_event_that_fails_for_the_moment_goes_on_waiting_and_does_not_block_others() {
    let fixture = Fixture::new().await;
    for subject in ["good1", "flaky-1", "good2"] {
        store(&fixture, subject, 40).await;
    }
    // It fails in the chunk, and then alone.
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["good1".to_owned(), "good2".to_owned()]));
    assert_eq!(list_waiting(&fixture).await, ["flaky-1"]);
    retry(&fixture).await;
    assert!(list_waiting(&fixture).await.is_empty() && list_parked(&fixture).await.is_empty());
}

#[tokio::test]
async fn while_the_database_cannot_work_waiting_events_stay_and_none_is_parked() {
    let fixture = Fixture::new().await;
    for subject in ["one", "two"] {
        store(&fixture, subject, 40).await;
    }
    let execute = async |sql: &str| fixture.receiver.db().write().await.unwrap().batch_execute(sql).await.unwrap();
    execute("ALTER TABLE effects RENAME TO missing").await;
    assert!(fixture.processor().retry_due(EventStore::Waiting, None).await.is_err());
    assert_eq!(AtomicU32::load(&fixture.effects.handled, Ordering::SeqCst), 1, "the others are not tried");
    assert_eq!((list_waiting(&fixture).await.len(), list_parked(&fixture).await.len()), (2, 0));
    execute("ALTER TABLE missing RENAME TO effects").await;
    retry(&fixture).await;
    assert_eq!(fixture.effects().await, once(&["one".to_owned(), "two".to_owned()]));
}

#[tokio::test]
async fn stored_events_are_released_whole_by_key_in_the_order_in_which_they_occurred() {
    let fixture = Fixture::new().await;
    let mut c = fixture.receiver.db().write().await.unwrap();
    let event = |n: i64| Envelope {
        time_micros: 1_000_000 * n,
        position: n,
        traceparent: format!("trace {n}"),
        data: vec![0, 255],
        ..envelope(&n.to_string())
    };
    let events: Vec<Envelope> = [3, 1, 2].map(event).into();
    let keyed: Vec<_> = events.iter().zip(["a", "b", "c"]).map(|(event, key)| (key.to_owned(), event)).collect();
    waiting::store(&mut c, &keyed, fixture.receiver.now()).await.unwrap();
    waiting::store(&mut c, &[], fixture.receiver.now()).await.unwrap();
    let keys = ["a", "b", "x"].map(str::to_owned);
    assert_eq!(waiting::release(&mut c, &keys, |event| event.subject != "3").await.unwrap(), [events[1].clone()]);
    assert_eq!(waiting::release(&mut c, &keys, |_| true).await.unwrap(), [events[0].clone()], "it was not readable");
    assert!(waiting::release(&mut c, &keys, |_| true).await.unwrap().is_empty());
    assert_eq!(waiting::count(&mut c, "c").await.unwrap(), 1);
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
