//! Events of a later version: deferred during a release, and handled once the service knows them.

use super::fixture::{Effects, Fixture, NEWER_TYPE, consume, envelope, eventually, once, start_consumer, subjects};
use super::parking::list_parked;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use messaging::bus::EventBus;
use messaging::memory::MemoryBus;
use messaging::retry::EventStore;
use messaging::schema::{deferred_events, inbox};
use messaging::{HandleError, deferred};
use proto_events::Envelope;
use std::sync::Arc;

fn newer(subject: &str) -> Envelope {
    Envelope { event_type: NEWER_TYPE.to_owned(), ..envelope(subject) }
}

async fn list_deferred(fixture: &Fixture) -> Vec<String> {
    let mut c = fixture.receiver.db().read().await.unwrap();
    let subjects = deferred_events::table.order(deferred_events::subject).select(deferred_events::subject);
    subjects.load(&mut c).await.unwrap()
}

async fn count_inbox(fixture: &Fixture) -> i64 {
    inbox::table.count().get_result(&mut fixture.receiver.db().read().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn events_that_the_older_version_does_not_know_take_effect_once_in_the_later_one() {
    let fixture = Fixture::new().await;
    let (older, later) = (Arc::new(Effects::default()), Arc::new(Effects::of_later_version()));
    let known = subjects("user", 30);
    let mut events: Vec<Envelope> = known.iter().map(|subject| envelope(subject)).collect();
    // Of an unknown type, and of a known one with an unknown value.
    let unknown = [newer("typed"), envelope("newer-value")];
    for (n, event) in unknown.iter().enumerate() {
        events.insert(10 * (n + 1), event.clone());
    }
    consume(&fixture, &older, events.clone()).await;
    assert_eq!(fixture.effects().await, once(&known));
    assert_eq!(list_deferred(&fixture).await, ["newer-value", "typed"]);
    assert_eq!(count_inbox(&fixture).await, 30, "a deferred event is not handled");
    assert!(list_parked(&fixture).await.is_empty());
    let counted = deferred::count_by_type(&mut fixture.receiver.db().read().await.unwrap()).await.unwrap();
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<i64>(), 2);
    // Delivered again, also after a rollback, they stay deferred.
    consume(&fixture, &older, unknown.clone()).await;
    assert_eq!(list_deferred(&fixture).await.len(), 2);

    let retried = async || list_deferred(&fixture).await.is_empty();
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = start_consumer(&fixture.receiver, &later, &bus);
    eventually("the later version takes them up at its start", retried).await;
    consumer.stop().await;
    let mut all = known.clone();
    all.extend(["typed".to_owned(), "newer-value".to_owned()]);
    assert_eq!(fixture.effects().await, once(&all));
    // A redelivery to the later version has no further effect.
    consume(&fixture, &later, unknown.clone()).await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn an_event_that_was_handled_before_the_rollback_that_deferred_it_has_no_second_effect() {
    let fixture = Fixture::new().await;
    let event = [newer("typed")];
    consume(&fixture, &Arc::new(Effects::of_later_version()), event.clone()).await;
    consume(&fixture, &Arc::new(Effects::default()), event.clone()).await;
    assert_eq!(list_deferred(&fixture).await, ["typed"]);
    let later = fixture.processor_of(Effects::of_later_version());
    assert_eq!(later.retry_due(EventStore::Deferred, None).await.unwrap(), None);
    assert!(list_deferred(&fixture).await.is_empty());
    assert_eq!(fixture.effects().await, once(&["typed".to_owned()]));
}

#[tokio::test]
async fn a_deferred_event_that_can_never_be_handled_is_parked_and_the_others_take_effect() {
    let fixture = Fixture::new().await;
    let events = ["user", "poison-1", "panic-1", "newer-value", "flaky-1"].map(newer);
    consume(&fixture, &Arc::new(Effects::default()), events.clone()).await;
    let later = fixture.processor_of(Effects::of_later_version());
    later.retry_due(EventStore::Deferred, None).await.unwrap();
    let mut parked: Vec<String> = list_parked(&fixture).await.into_iter().map(|event| event.subject).collect();
    parked.sort();
    assert_eq!(parked, ["panic-1", "poison-1"]);
    assert_eq!(list_deferred(&fixture).await, ["flaky-1"], "it failed for the moment");
    later.retry_due(EventStore::Deferred, None).await.unwrap();
    assert!(list_deferred(&fixture).await.is_empty());
    let effective = ["user", "newer-value", "flaky-1"].map(str::to_owned);
    assert_eq!(fixture.effects().await, once(&effective));
    assert_eq!(count_inbox(&fixture).await, 5);
}

#[tokio::test]
async fn an_older_version_leaves_deferred_events_alone() {
    let fixture = Fixture::new().await;
    let events: Vec<Envelope> = subjects("newer-", 450).iter().map(|subject| envelope(subject)).collect();
    let older = fixture.processor();
    consume(&fixture, &Arc::new(Effects::default()), events.clone()).await;
    let mut after = None;
    for _ in 0..3 {
        after = older.retry_due(EventStore::Deferred, after).await.unwrap();
    }
    assert_eq!((list_deferred(&fixture).await.len(), count_inbox(&fixture).await), (450, 0));
    let later = fixture.processor_of(Effects::of_later_version());
    later.retry_due(EventStore::Deferred, None).await.unwrap();
    assert_eq!((list_deferred(&fixture).await.len(), count_inbox(&fixture).await), (0, 450));
}

#[tokio::test]
async fn an_unusable_database_leaves_deferred_events_where_they_are() {
    let fixture = Fixture::new().await;
    consume(&fixture, &Arc::new(Effects::default()), [newer("typed")]).await;
    let drop_effects = "DROP TABLE effects";
    fixture.receiver.db().write().await.unwrap().batch_execute(drop_effects).await.unwrap();
    let later = fixture.processor_of(Effects::of_later_version());
    let failed = later.retry_due(EventStore::Deferred, None).await.unwrap_err();
    assert!(matches!(failed, HandleError::Transient(_)), "{failed}");
    assert_eq!(list_deferred(&fixture).await, ["typed"]);
    assert!(list_parked(&fixture).await.is_empty());
}
