//! The outbox reaches the bus, whatever happens to relay and bus.

use super::world::{Effects, World, eventually, once, start_consumer, subjects};
use chassis::events::bus::{Bus, BusDown, Confirm, NotTaken, Queue};
use chassis::events::memory::MemoryBus;
use chassis::events::{Envelope, HandleError, outbox as events};
use chassis::schema::outbox;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use proto_events::auth::v1::UserUpdated;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn what_was_published_but_not_marked_is_published_again_and_dropped() {
    let world = World::new().await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = world.start_consumer(&bus);
    let all = subjects("user", 300);
    world.publish(&all).await;
    let relay = world.start_relay(&bus);
    world.all_sent().await;
    relay.stop().await;
    // As if the relay had died just before it wrote down what it knew.
    let mut c = world.producer.db().write().await.unwrap();
    let none: Option<domain::Timestamp> = None;
    diesel::update(outbox::table).set(outbox::sent_at.eq(none)).execute(&mut c).await.unwrap();
    drop(c);
    let relay = world.start_relay(&bus);
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_process_that_dies_loses_nothing_of_what_its_bus_held_in_memory() {
    let world = World::new().await;
    let all = subjects("user", 700);
    world.publish(&all).await;
    {
        let memory = MemoryBus::limited_to(&["wallet"]);
        let bus: Arc<dyn Bus> = Arc::new(memory.clone());
        let effects = Arc::new(Effects::gated());
        let (relay, consumer) = (world.start_relay(&bus), start_consumer(&world.receiver, &effects, &bus));
        effects.gate.as_ref().unwrap().add_permits(1);
        eventually("some took effect", async || !world.effects().await.is_empty()).await;
        relay.kill().await;
        consumer.kill().await;
    }
    assert!(world.unsent().await > 0);
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_relay_started_again_sends_the_rest() {
    let world = World::new().await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let consumer = world.start_consumer(&bus);
    let mut all = Vec::new();
    for round in 0..3 {
        let some = subjects(&format!("round{round}-"), 20);
        world.publish(&some).await;
        all.extend(some);
        let relay = world.start_relay(&bus);
        world.all_sent().await;
        relay.stop().await;
    }
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn two_relays_at_once_only_cause_duplicates() {
    let world = World::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    let all = subjects("user", 500);
    let (one, two) = (world.start_relay(&bus), world.start_relay(&bus));
    let consumer = world.start_consumer(&bus);
    for some in all.chunks(50) {
        world.publish(some).await;
    }
    world.all_sent().await;
    eventually("the queue is empty", async || memory.pending() == 0).await;
    one.stop().await;
    two.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_relay_hands_over_no_more_than_the_window_and_all_of_it_in_the_end() {
    let world = World::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    let all = subjects("user", memory.window() + 300);
    world.publish(&all).await;
    let relay = world.start_relay(&bus);
    eventually("the window is full", async || memory.pending() >= memory.window()).await;
    assert_eq!(memory.pending(), memory.window());
    let consumer = world.start_consumer(&bus);
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_smaller_position_that_appears_after_a_larger_one_is_sent_too() {
    let world = World::new().await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    world.publish(&subjects("user", 10)).await;
    world.all_sent().await;
    let mut c = world.producer.db().write().await.unwrap();
    let row = (
        outbox::position.eq(-5_i64),
        outbox::event_id.eq(vec![9_u8; 16]),
        outbox::event_type.eq("auth.v1.UserRegistered"),
        outbox::subject.eq("late"),
        outbox::occurred_at.eq(world.producer.now()),
        outbox::traceparent.eq(""),
        outbox::payload.eq(Vec::<u8>::new()),
    );
    diesel::insert_into(outbox::table).values(row).execute(&mut c).await.unwrap();
    drop(c);
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await.get("late"), Some(&1));
}

/// Refuses, and refuses to confirm, in turns.
struct Unreliable {
    inner: MemoryBus,
    calls: AtomicU32,
    unconfirmed: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Bus for Unreliable {
    async fn publish(&self, event: Envelope) -> Result<Confirm, BusDown> {
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
async fn a_bus_that_refuses_and_fails_to_confirm_gets_everything_in_the_end() {
    let world = World::new().await;
    let inner = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> =
        Arc::new(Unreliable { inner, calls: AtomicU32::new(0), unconfirmed: Arc::new(AtomicUsize::new(0)) });
    let all = subjects("user", 100);
    world.publish(&all).await;
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

/// Has no queue for `UserUpdated` until one is bound.
struct Unbound {
    inner: MemoryBus,
    is_bound: AtomicBool,
    /// The subjects of what was taken.
    taken: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Bus for Unbound {
    async fn publish(&self, event: Envelope) -> Result<Confirm, BusDown> {
        if event.event_type == "auth.v1.UserUpdated" && !AtomicBool::load(&self.is_bound, Ordering::SeqCst) {
            return Ok(std::future::ready(Err(NotTaken::NoQueue(event.event_type))).boxed());
        }
        self.taken.lock().unwrap().push(event.subject.clone());
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
async fn more_events_without_a_queue_than_the_window_has_room_for_hold_up_no_others() {
    let world = World::new().await;
    let inner = MemoryBus::limited_to(&["wallet"]);
    let unbound = Arc::new(Unbound { inner, is_bound: AtomicBool::new(false), taken: Mutex::default() });
    let bus: Arc<dyn Bus> = unbound.clone();
    let (updated, registered, later) = (subjects("updated", 1_200), subjects("user", 30), subjects("later", 30));
    let now = world.producer.now();
    let update = async |c: &mut db::DbConnection| {
        for subject in &updated {
            events::publish(c, subject, now, &UserUpdated::default()).await?;
        }
        Ok::<_, HandleError>(())
    };
    world.producer.tx(update).await.unwrap();
    world.publish(&registered).await;
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    eventually("the others are sent", async || world.unsent().await == 1_200).await;
    world.publish(&later).await;
    eventually("later ones too", async || world.unsent().await == 1_200).await;
    assert_eq!(*unbound.taken.lock().unwrap(), [registered, later].concat());
    unbound.taken.lock().unwrap().clear();
    unbound.is_bound.store(true, Ordering::SeqCst);
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
    assert_eq!(*unbound.taken.lock().unwrap(), updated, "all that were held, in their order");
}
