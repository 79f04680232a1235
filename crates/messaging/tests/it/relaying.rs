//! Relay from outbox to bus, with failures of both.

use super::fixture::{Effects, Fixture, eventually, once, start_consumer, subjects};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use messaging::bus::{BusDown, EventBus, PublishConfirmation, PublishError, Queue};
use messaging::memory::MemoryBus;
use messaging::schema::outbox;
use messaging::{HandleError, outbox as events};
use proto_events::Envelope;
use proto_events::auth::v1::UserUpdated;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn an_event_published_but_not_marked_is_published_again_and_ignored() {
    let fixture = Fixture::new().await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = fixture.start_consumer(&bus);
    let all = subjects("user", 300);
    fixture.publish(&all).await;
    let relay = fixture.start_relay(&bus);
    fixture.all_sent().await;
    relay.stop().await;
    // As if the relay had ended before it marked the events as sent.
    let mut c = fixture.producer.db().write().await.unwrap();
    let none: Option<domain::Timestamp> = None;
    diesel::update(outbox::table).set(outbox::sent_at.eq(none)).execute(&mut c).await.unwrap();
    drop(c);
    let relay = fixture.start_relay(&bus);
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_crash_loses_no_event_of_the_memory_bus() {
    let fixture = Fixture::new().await;
    let all = subjects("user", 700);
    fixture.publish(&all).await;
    {
        let memory = MemoryBus::limited_to(&["wallet"]);
        let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
        let effects = Arc::new(Effects::gated());
        let (relay, consumer) = (fixture.start_relay(&bus), start_consumer(&fixture.receiver, &effects, &bus));
        effects.gate.as_ref().unwrap().add_permits(1);
        eventually("some took effect", async || !fixture.effects().await.is_empty()).await;
        relay.kill().await;
        consumer.kill().await;
    }
    assert!(fixture.unsent().await > 0);
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_restarted_relay_sends_the_rest() {
    let fixture = Fixture::new().await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = fixture.start_consumer(&bus);
    let mut all = Vec::new();
    for round in 0..3 {
        let some = subjects(&format!("round{round}-"), 20);
        fixture.publish(&some).await;
        all.extend(some);
        let relay = fixture.start_relay(&bus);
        fixture.all_sent().await;
        relay.stop().await;
    }
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn two_relays_at_once_only_cause_duplicates() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    let all = subjects("user", 500);
    let (one, two) = (fixture.start_relay(&bus), fixture.start_relay(&bus));
    let consumer = fixture.start_consumer(&bus);
    for some in all.chunks(50) {
        fixture.publish(some).await;
    }
    fixture.all_sent().await;
    eventually("the queue is empty", async || memory.pending() == 0).await;
    one.stop().await;
    two.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_relay_publishes_no_more_than_the_window_and_everything_in_the_end() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    let all = subjects("user", memory.window() + 300);
    fixture.publish(&all).await;
    let relay = fixture.start_relay(&bus);
    eventually("the window is full", async || memory.pending() >= memory.window()).await;
    assert_eq!(memory.pending(), memory.window());
    let consumer = fixture.start_consumer(&bus);
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_smaller_position_that_appears_after_a_larger_one_is_sent_too() {
    let fixture = Fixture::new().await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    fixture.publish(&subjects("user", 10)).await;
    fixture.all_sent().await;
    let mut c = fixture.producer.db().write().await.unwrap();
    let row = (
        outbox::position.eq(-5_i64),
        outbox::event_id.eq(vec![9_u8; 16]),
        outbox::event_type.eq("auth.v1.UserRegistered"),
        outbox::subject.eq("late"),
        outbox::occurred_at.eq(fixture.producer.now()),
        outbox::traceparent.eq(""),
        outbox::payload.eq(Vec::<u8>::new()),
    );
    diesel::insert_into(outbox::table).values(row).execute(&mut c).await.unwrap();
    drop(c);
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await.get("late"), Some(&1));
}

/// A bus that refuses some events, and does not confirm others.
struct Unreliable {
    inner: MemoryBus,
    calls: AtomicU32,
    unconfirmed: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl EventBus for Unreliable {
    async fn publish(&self, event: Envelope) -> Result<PublishConfirmation, BusDown> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if call.is_multiple_of(30) {
            return Err(BusDown("refused".to_owned()));
        }
        assert!(self.unconfirmed.fetch_add(1, Ordering::SeqCst) < self.window());
        let confirm = self.inner.publish(event).await?;
        let unconfirmed = Arc::clone(&self.unconfirmed);
        Ok(async move {
            let outcome = confirm.await;
            unconfirmed.fetch_sub(1, Ordering::SeqCst);
            if call % 30 == 17 { Err(BusDown("not confirmed".to_owned()).into()) } else { outcome }
        }
        .boxed())
    }
    fn window(&self) -> usize {
        8
    }
    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown> {
        self.inner.subscribe(service).await
    }
    async fn ping(&self) -> Result<(), BusDown> {
        Ok(())
    }
}

#[tokio::test]
async fn an_unreliable_bus_gets_every_event_in_the_end() {
    let fixture = Fixture::new().await;
    let inner = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> =
        Arc::new(Unreliable { inner, calls: AtomicU32::new(0), unconfirmed: Arc::new(AtomicUsize::new(0)) });
    let all = subjects("user", 100);
    fixture.publish(&all).await;
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

/// A bus without a queue for `UserUpdated` until one is bound.
struct Unbound {
    inner: MemoryBus,
    is_bound: AtomicBool,
    /// The subjects of accepted events.
    accepted: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl EventBus for Unbound {
    async fn publish(&self, event: Envelope) -> Result<PublishConfirmation, BusDown> {
        if event.event_type == "auth.v1.UserUpdated" && !AtomicBool::load(&self.is_bound, Ordering::SeqCst) {
            return Ok(std::future::ready(Err(PublishError::Unroutable(event.event_type))).boxed());
        }
        self.accepted.lock().unwrap().push(event.subject.clone());
        self.inner.publish(event).await
    }
    fn window(&self) -> usize {
        8
    }
    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown> {
        self.inner.subscribe(service).await
    }
    async fn ping(&self) -> Result<(), BusDown> {
        Ok(())
    }
}

#[tokio::test]
async fn more_unroutable_events_than_the_window_holds_do_not_block_others() {
    let fixture = Fixture::new().await;
    let inner = MemoryBus::limited_to(&["wallet"]);
    let unbound = Arc::new(Unbound { inner, is_bound: AtomicBool::new(false), accepted: Mutex::default() });
    let bus: Arc<dyn EventBus> = unbound.clone();
    let (updated, registered, later) = (subjects("updated", 1_200), subjects("user", 30), subjects("later", 30));
    let now = fixture.producer.now();
    let update = async |c: &mut db::DbConnection| {
        for subject in &updated {
            events::publish(c, subject, now, &UserUpdated::default()).await?;
        }
        Ok::<_, HandleError>(())
    };
    fixture.producer.tx(update).await.unwrap();
    fixture.publish(&registered).await;
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    eventually("the others are sent", async || fixture.unsent().await == 1_200).await;
    fixture.publish(&later).await;
    eventually("later ones too", async || fixture.unsent().await == 1_200).await;
    assert_eq!(*unbound.accepted.lock().unwrap(), [registered, later].concat());
    unbound.accepted.lock().unwrap().clear();
    unbound.is_bound.store(true, Ordering::SeqCst);
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(*unbound.accepted.lock().unwrap(), updated, "all held events, in their order");
}
