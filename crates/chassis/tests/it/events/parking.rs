//! What cannot be handled is put aside, and nothing else waits for it.

use super::world::{World, envelope, eventually, once, subjects};
use chassis::config::Env;
use chassis::events::bus::Bus;
use chassis::events::consumer::{self, Consumer};
use chassis::events::memory::MemoryBus;
use chassis::events::parked::{self, Parked, Which};
use chassis::events::{Envelope, HandleError};
use chassis::http::Problem;
use chassis::telemetry;
use db::DbConnection;
use diesel_async::SimpleAsyncConnection;
use domain::EventId;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Has `wallet` consume one event a subject until its queue is empty.
async fn consume(world: &World, subjects: &[String]) {
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    for subject in subjects {
        drop(bus.publish(envelope(subject)).await.unwrap());
    }
    let consumer = world.start_consumer(&bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
}

async fn parked(world: &World) -> Vec<Parked> {
    let mut c = world.receiver.db().write().await.unwrap();
    let listed = parked::list(&mut c, 100, 0).await.unwrap();
    assert_eq!(parked::count(&mut c).await.unwrap(), i64::try_from(listed.len()).unwrap());
    listed
}

async fn ask(world: &World, which: Which) -> usize {
    parked::replay(&mut world.receiver.db().write().await.unwrap(), which, world.receiver.now()).await.unwrap()
}

async fn replay(world: &World) -> usize {
    consumer::replay_requested(world.effects.clone(), world.receiver.clone()).await.unwrap()
}

#[tokio::test]
async fn one_poison_event_in_a_batch_is_parked_and_the_others_take_effect() {
    let world = World::new().await;
    let good = subjects("user", 50);
    let mut all = good.clone();
    all.insert(25, "poison-1".to_owned());
    consume(&world, &all).await;
    assert_eq!(world.effects().await, once(&good));
    let [parked] = &parked(&world).await[..] else { panic!("one event is parked") };
    assert_eq!((parked.subject.as_str(), parked.source.as_str(), parked.attempts), ("poison-1", "auth", 1));
    assert_eq!(parked.error, "it is poison");
}

#[tokio::test]
async fn a_parked_event_is_replayed_once_and_only_when_asked_for() {
    let world = World::new().await;
    consume(&world, &["poison-1".to_owned(), "poison-2".to_owned()]).await;
    assert_eq!(replay(&world).await, 0);
    world.effects.cured.store(true, Ordering::SeqCst);
    assert_eq!(replay(&world).await, 0);
    let id = parked(&world).await[0].event_id;
    assert_eq!(ask(&world, Which::One(EventId::from(uuid::Uuid::nil()))).await, 0);
    assert_eq!(ask(&world, Which::One(id)).await, 1);
    assert_eq!((replay(&world).await, replay(&world).await), (1, 0));
    assert_eq!(parked(&world).await.len(), 1);
    assert_eq!(ask(&world, Which::All).await, 1);
    assert_eq!((replay(&world).await, replay(&world).await), (1, 0));
    assert_eq!(parked(&world).await.len(), 0);
    assert_eq!(world.effects().await, once(&["poison-1".to_owned(), "poison-2".to_owned()]));
}

#[tokio::test]
async fn a_replay_that_fails_leaves_the_event_parked_and_has_to_be_asked_for_again() {
    let world = World::new().await;
    consume(&world, &["poison-1".to_owned()]).await;
    ask(&world, Which::All).await;
    assert_eq!((replay(&world).await, replay(&world).await), (0, 0));
    assert_eq!(world.effects.tries("poison-1"), 2);
    let parked = &parked(&world).await[0];
    assert_eq!((parked.attempts, parked.replay_requested_at), (2, None));
    assert!(world.effects().await.is_empty());
}

#[tokio::test]
async fn the_loop_carries_out_a_replay_by_itself() {
    let world = World::new().await;
    consume(&world, &["poison-1".to_owned()]).await;
    world.effects.cured.store(true, Ordering::SeqCst);
    ask(&world, Which::All).await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = world.start_consumer(&bus);
    eventually("it is replayed", async || parked(&world).await.is_empty()).await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&["poison-1".to_owned()]));
}

#[tokio::test]
async fn a_duplicate_of_a_parked_event_does_nothing() {
    let world = World::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    let event = envelope("poison-1");
    let consumer = world.start_consumer(&bus);
    bus.publish(event.clone()).await.unwrap().await.unwrap();
    world.effects.cured.store(true, Ordering::SeqCst);
    bus.publish(event).await.unwrap().await.unwrap();
    consumer.stop().await;
    assert_eq!((parked(&world).await.len(), world.effects().await.len()), (1, 0));
}

#[tokio::test]
async fn an_event_that_fails_for_now_is_tried_again_until_it_works() {
    let world = World::new().await;
    let all = ["user1", "flaky-1", "user2", "flaky-2", "user3"].map(str::to_owned);
    consume(&world, &all).await;
    assert_eq!(world.effects().await, once(&all));
    assert!(parked(&world).await.is_empty());
    assert!(world.effects.tries("flaky-1") >= 3);
}

#[tokio::test]
async fn a_handler_that_panics_takes_nothing_with_it() {
    let world = World::new().await;
    let good = subjects("user", 10);
    let mut all = good.clone();
    all.insert(5, "panic-1".to_owned());
    consume(&world, &all).await;
    assert_eq!(world.effects().await, once(&good));
    let [parked] = &parked(&world).await[..] else { panic!("one event is parked") };
    assert_eq!((parked.error.as_str(), parked.attempts), ("panic: it panics", 3));
}

#[tokio::test]
async fn a_batch_of_nothing_but_poison_is_parked_whole() {
    let world = World::new().await;
    consume(&world, &subjects("poison-", 20)).await;
    assert_eq!(parked(&world).await.len(), 20);
    assert!(world.effects().await.is_empty());
}

/// Notes the trace it works in, and refuses the first time.
#[derive(Default)]
struct Traced(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Consumer for Traced {
    async fn handle(&self, _: &mut DbConnection, _: &[Envelope]) -> Result<(), HandleError> {
        let mut traces = self.0.lock().unwrap();
        traces.push(telemetry::traceparent().split('-').nth(1).unwrap_or_default().to_owned());
        if traces.len() == 1 { Err(HandleError::poison("not yet")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_replayed_event_goes_on_with_its_own_trace() {
    let telemetry = telemetry::init("wallet", &Env::from_pairs([("LOG", "off")])).unwrap();
    let (world, traced) = (World::new().await, Arc::new(Traced::default()));
    let memory = MemoryBus::limited_to(&["wallet"]);
    let mut event = envelope("user-1");
    event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    drop(memory.publish(event).await.unwrap());
    let (cancel, bus): (_, Arc<dyn Bus>) = (CancellationToken::new(), Arc::new(memory.clone()));
    let running = tokio::spawn(consumer::run(traced.clone(), world.receiver.clone(), bus, cancel.clone()));
    eventually("the queue is empty", async || memory.pending() == 0).await;
    cancel.cancel();
    running.await.unwrap();
    ask(&world, Which::All).await;
    assert_eq!(consumer::replay_requested(traced.clone(), world.receiver.clone()).await.unwrap(), 1);
    assert_eq!(*traced.0.lock().unwrap(), ["0af7651916cd43dd8448eb211c80319c"; 2]);
    drop(telemetry);
}

#[tokio::test]
async fn while_the_database_takes_no_writes_events_wait_and_none_is_parked() {
    let world = World::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    let all = subjects("user", 20);
    // A trigger's text is SQLite's own here: nothing else keeps a file from being written for as long as a test likes.
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON effects \
                  BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END";
    let execute = async |sql: &str| world.receiver.db().write().await.unwrap().batch_execute(sql).await.unwrap();
    execute(broken).await;
    for subject in &all {
        drop(bus.publish(envelope(subject)).await.unwrap());
    }
    let consumer = world.start_consumer(&bus);
    let gated = world.effects.handled.load(Ordering::SeqCst);
    eventually("it has tried a few times", async || world.effects.handled.load(Ordering::SeqCst) > gated + 3).await;
    assert_eq!((memory.pending(), parked(&world).await.len()), (all.len(), 0));
    let error = world.receiver.tx(async |c| world.effects.handle(c, &[envelope("user")]).await).await.unwrap_err();
    let HandleError::Db(error) = error else { panic!("{error}") };
    let answer = Problem::from(error);
    assert_eq!((answer.status.as_u16(), answer.retry_after_secs()), (503, Some(2)));
    execute("DROP TRIGGER broken").await;
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!((world.effects().await, parked(&world).await.len()), (once(&all), 0));
}
