//! The outbox reaches the bus, whatever happens to relay and bus.

use super::world::{Effects, World, eventually, once, start_consumer, subjects};
use chassis::events::Envelope;
use chassis::events::bus::{Bus, BusDown, Confirm, Queue};
use chassis::events::memory::MemoryBus;
use chassis::schema::outbox;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

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
            if call % 30 == 17 { Err(BusDown("not confirmed".to_owned())) } else { outcome }
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
