//! Parking of events that cannot be handled, and their replay.

use super::fixture::{self, Fixture, envelope, eventually, once, subjects};
use db::DbConnection;
use diesel_async::SimpleAsyncConnection;
use domain::EventId;
use http_api::Problem;
use messaging::HandleError;
use messaging::bus::EventBus;
use messaging::consumer;
use messaging::handler::EventHandler;
use messaging::memory::MemoryBus;
use messaging::parked::{self, ParkedEvent, ReplaySelection};
use messaging::processor::EventProcessor;
use proto_events::Envelope;
use runtime::config::Env;
use runtime::telemetry;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Lets `wallet` consume one event per subject until its queue is empty.
async fn consume(fixture: &Fixture, subjects: &[String]) {
    fixture::consume(fixture, &fixture.effects, subjects.iter().map(|subject| envelope(subject))).await;
}

pub(super) async fn list_parked(fixture: &Fixture) -> Vec<ParkedEvent> {
    let mut c = fixture.receiver.db().write().await.unwrap();
    let listed = parked::list(&mut c, 100, 0).await.unwrap();
    assert_eq!(parked::count(&mut c).await.unwrap(), i64::try_from(listed.len()).unwrap());
    listed
}

pub(super) async fn request_replay(fixture: &Fixture, selection: ReplaySelection) -> usize {
    parked::request_replay(&mut fixture.receiver.db().write().await.unwrap(), selection, fixture.receiver.now())
        .await
        .unwrap()
}

pub(super) async fn replay(fixture: &Fixture) -> usize {
    fixture.processor().replay_requested().await.unwrap()
}

#[tokio::test]
async fn one_poison_event_in_a_batch_is_parked_and_the_others_take_effect() {
    let fixture = Fixture::new().await;
    let good = subjects("user", 50);
    let mut all = good.clone();
    all.insert(25, "poison-1".to_owned());
    consume(&fixture, &all).await;
    assert_eq!(fixture.effects().await, once(&good));
    let [parked] = &list_parked(&fixture).await[..] else { panic!("one event is parked") };
    assert_eq!((parked.subject.as_str(), parked.source.as_str(), parked.attempts), ("poison-1", "auth", 1));
    assert_eq!(parked.error, "it is poison");
}

#[tokio::test]
async fn a_parked_event_is_replayed_once_and_only_on_request() {
    let fixture = Fixture::new().await;
    consume(&fixture, &["poison-1".to_owned(), "poison-2".to_owned()]).await;
    assert_eq!(replay(&fixture).await, 0);
    fixture.effects.cured.store(true, Ordering::SeqCst);
    assert_eq!(replay(&fixture).await, 0);
    let id = list_parked(&fixture).await[0].event_id;
    assert_eq!(request_replay(&fixture, ReplaySelection::One(EventId::from(uuid::Uuid::nil()))).await, 0);
    assert_eq!(request_replay(&fixture, ReplaySelection::One(id)).await, 1);
    assert_eq!((replay(&fixture).await, replay(&fixture).await), (1, 0));
    assert_eq!(list_parked(&fixture).await.len(), 1);
    assert_eq!(request_replay(&fixture, ReplaySelection::All).await, 1);
    assert_eq!((replay(&fixture).await, replay(&fixture).await), (1, 0));
    assert_eq!(list_parked(&fixture).await.len(), 0);
    assert_eq!(fixture.effects().await, once(&["poison-1".to_owned(), "poison-2".to_owned()]));
}

#[tokio::test]
async fn after_a_failed_replay_the_event_stays_parked_and_needs_a_new_request() {
    let fixture = Fixture::new().await;
    consume(&fixture, &["poison-1".to_owned()]).await;
    request_replay(&fixture, ReplaySelection::All).await;
    assert_eq!((replay(&fixture).await, replay(&fixture).await), (0, 0));
    assert_eq!(fixture.effects.attempts("poison-1"), 2);
    let parked = &list_parked(&fixture).await[0];
    assert_eq!((parked.attempts, parked.replay_requested_at), (2, None));
    assert!(fixture.effects().await.is_empty());
}

#[tokio::test]
async fn the_consumer_loop_replays_requested_events() {
    let fixture = Fixture::new().await;
    consume(&fixture, &["poison-1".to_owned()]).await;
    fixture.effects.cured.store(true, Ordering::SeqCst);
    request_replay(&fixture, ReplaySelection::All).await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = fixture.start_consumer(&bus);
    eventually("it is replayed", async || list_parked(&fixture).await.is_empty()).await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&["poison-1".to_owned()]));
}

#[tokio::test]
async fn a_duplicate_of_a_parked_event_has_no_effect() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    let event = envelope("poison-1");
    let consumer = fixture.start_consumer(&bus);
    bus.publish(event.clone()).await.unwrap().await.unwrap();
    fixture.effects.cured.store(true, Ordering::SeqCst);
    bus.publish(event).await.unwrap().await.unwrap();
    consumer.stop().await;
    assert_eq!((list_parked(&fixture).await.len(), fixture.effects().await.len()), (1, 0));
}

#[tokio::test]
async fn an_event_that_fails_transiently_is_retried_until_it_succeeds() {
    let fixture = Fixture::new().await;
    let all = ["user1", "flaky-1", "user2", "flaky-2", "user3"].map(str::to_owned);
    consume(&fixture, &all).await;
    assert_eq!(fixture.effects().await, once(&all));
    assert!(list_parked(&fixture).await.is_empty());
    assert!(fixture.effects.attempts("flaky-1") >= 3);
}

#[tokio::test]
async fn a_panic_in_a_handler_affects_only_its_event() {
    let fixture = Fixture::new().await;
    let good = subjects("user", 10);
    let mut all = good.clone();
    all.insert(5, "panic-1".to_owned());
    consume(&fixture, &all).await;
    assert_eq!(fixture.effects().await, once(&good));
    let [parked] = &list_parked(&fixture).await[..] else { panic!("one event is parked") };
    assert_eq!((parked.error.as_str(), parked.attempts), ("panic: it panics", 3));
}

#[tokio::test]
async fn a_batch_of_poison_events_is_parked_completely() {
    let fixture = Fixture::new().await;
    consume(&fixture, &subjects("poison-", 20)).await;
    assert_eq!(list_parked(&fixture).await.len(), 20);
    assert!(fixture.effects().await.is_empty());
}

#[tokio::test]
async fn an_event_without_a_valid_time_is_parked_and_a_replay_does_not_give_it_one() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    for time_micros in [-1, i64::MAX] {
        drop(bus.publish(Envelope { time_micros, ..envelope("user1") }).await.unwrap());
    }
    drop(bus.publish(envelope("user2")).await.unwrap());
    let consumer = fixture.start_consumer(&bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    for attempts in [1, 2] {
        let parked = list_parked(&fixture).await;
        let reasons: Vec<_> = parked.iter().map(|event| (event.error.as_str(), event.attempts)).collect();
        assert_eq!(reasons, [("the time of the event is not a time", attempts); 2]);
        request_replay(&fixture, ReplaySelection::All).await;
        assert_eq!(replay(&fixture).await, 0);
    }
    assert_eq!(fixture.effects().await, once(&["user2".to_owned()]));
}

/// Records the trace of each call, and fails the first one.
#[derive(Default)]
struct Traced(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl EventHandler for Traced {
    fn types(&self) -> Vec<String> {
        vec!["auth.v1.UserRegistered".to_owned()]
    }
    async fn handle(&self, _: &mut DbConnection, _: &[Envelope]) -> Result<(), HandleError> {
        let mut traces = self.0.lock().unwrap();
        traces.push(telemetry::traceparent().split('-').nth(1).unwrap_or_default().to_owned());
        if traces.len() == 1 { Err(HandleError::poison("not yet")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_replayed_event_continues_its_own_trace() {
    let telemetry = telemetry::init("wallet", &Env::from_pairs([("LOG", "off")])).unwrap();
    let (fixture, traced) = (Fixture::new().await, Arc::new(Traced::default()));
    let memory = MemoryBus::limited_to(&["wallet"]);
    let mut event = envelope("user-1");
    event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    drop(memory.publish(event).await.unwrap());
    let (cancel, bus): (_, Arc<dyn EventBus>) = (CancellationToken::new(), Arc::new(memory.clone()));
    let processor = || EventProcessor::new(fixture.receiver.clone(), traced.clone());
    let running = tokio::spawn(consumer::run(processor(), bus, cancel.clone()));
    eventually("the queue is empty", async || memory.pending() == 0).await;
    cancel.cancel();
    running.await.unwrap();
    request_replay(&fixture, ReplaySelection::All).await;
    assert_eq!(processor().replay_requested().await.unwrap(), 1);
    assert_eq!(*traced.0.lock().unwrap(), ["0af7651916cd43dd8448eb211c80319c"; 2]);
    drop(telemetry);
}

#[tokio::test]
async fn while_the_database_is_read_only_events_wait_and_none_is_parked() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    let all = subjects("user", 20);
    // A trigger with the error text of SQLite makes the table read-only for as long as the test needs.
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON effects \
                  BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END";
    let execute = async |sql: &str| fixture.receiver.db().write().await.unwrap().batch_execute(sql).await.unwrap();
    execute(broken).await;
    for subject in &all {
        drop(bus.publish(envelope(subject)).await.unwrap());
    }
    let consumer = fixture.start_consumer(&bus);
    let gated = fixture.effects.handled.load(Ordering::SeqCst);
    eventually("it has tried a few times", async || fixture.effects.handled.load(Ordering::SeqCst) > gated + 3).await;
    assert_eq!((memory.pending(), list_parked(&fixture).await.len()), (all.len(), 0));
    let error = fixture.receiver.tx(async |c| fixture.effects.handle(c, &[envelope("user")]).await).await.unwrap_err();
    let HandleError::Db(error) = error else { panic!("{error}") };
    let answer = Problem::from(error);
    assert_eq!((answer.status.as_u16(), answer.retry_after_secs()), (503, Some(2)));
    execute("DROP TRIGGER broken").await;
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!((fixture.effects().await, list_parked(&fixture).await.len()), (once(&all), 0));
}
