//! Exactly one effect, whatever the way there does.

use super::world::{Effects, World, envelope, eventually, once, start_consumer, subjects};
use chassis::auth::revocation;
use chassis::events::bus::Bus;
use chassis::events::memory::MemoryBus;
use chassis::schema::revoked_sessions;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use proto_events::auth::v1::SessionRevoked;
use proto_events::prost::Message;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

fn wallet_alone() -> (MemoryBus, Arc<dyn Bus>) {
    let bus = MemoryBus::limited_to(&["wallet"]);
    (bus.clone(), Arc::new(bus))
}

#[tokio::test]
async fn an_event_that_comes_five_times_among_others_takes_effect_once() {
    let world = World::new().await;
    let (memory, bus) = wallet_alone();
    let all = subjects("user", 20);
    let events: Vec<_> = all.iter().map(|s| envelope(s)).collect();
    // Strides that share no factor with twenty meet every event, in another order each time.
    for stride in [1, 3, 7, 9, 11] {
        for n in 0..events.len() {
            drop(bus.publish(events[n * stride % events.len()].clone()).await.unwrap());
        }
    }
    let consumer = world.start_consumer(&bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_duplicate_alone_is_not_handed_over_and_nothing_is_said_to_be_committed() {
    let world = World::new().await;
    let (memory, bus) = wallet_alone();
    let consumer = world.start_consumer(&bus);
    let event = envelope("user");
    for _ in 0..3 {
        bus.publish(event.clone()).await.unwrap().await.unwrap();
    }
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!((AtomicU32::load(&world.effects.committed, Ordering::SeqCst), world.effects.tries("user")), (1, 1));
}

#[tokio::test]
async fn a_bus_that_reorders_repeats_and_delays_still_gives_each_effect_once() {
    let world = World::new().await;
    let mut all = Vec::new();
    for seed in 0..50 {
        let memory = MemoryBus::disturbed_limited_to(&["wallet"], seed);
        let bus: Arc<dyn Bus> = Arc::new(memory.clone());
        let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
        let some = subjects(&format!("seed{seed}-"), 40);
        world.publish(&some).await;
        world.all_sent().await;
        eventually("every copy is delivered", async || memory.pending() == 0).await;
        all.extend(some);
        relay.stop().await;
        consumer.stop().await;
    }
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_disturbed_queue_that_is_only_read_gives_everything_and_never_gets_stuck() {
    for seed in 0..50 {
        let memory = MemoryBus::disturbed_limited_to(&["wallet"], seed);
        let mut confirms = Vec::new();
        for subject in subjects("user", 100) {
            confirms.push(memory.publish(envelope(&subject)).await.unwrap());
        }
        let mut queue = memory.subscribe("wallet").await.unwrap();
        while memory.pending() > 0 {
            let batch = queue.next_batch(7, Instant::now()).await.unwrap();
            assert!((1..=7).contains(&batch.len()));
            for (n, delivery) in batch.into_iter().enumerate() {
                // Some are put back, and have to come again.
                if n % 5 == 4 { drop(delivery) } else { delivery.answer.ack().await.unwrap() }
            }
        }
        for confirm in confirms {
            confirm.await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_event_is_confirmed_when_the_last_subscriber_has_acknowledged_it() {
    let memory = MemoryBus::limited_to(&["wallet", "binary"]);
    let mut confirm = memory.publish(envelope("user")).await.unwrap();
    let mut wallet = memory.subscribe("wallet").await.unwrap();
    let mut binary = memory.subscribe("binary").await.unwrap();
    let first = wallet.next_batch(1, Instant::now()).await.unwrap().remove(0);
    first.answer.ack().await.unwrap();
    assert!(futures_util::poll!(&mut confirm).is_pending());
    let second = binary.next_batch(1, Instant::now()).await.unwrap().remove(0);
    second.answer.retry().await.unwrap();
    assert!(futures_util::poll!(&mut confirm).is_pending());
    let second = binary.next_batch(1, Instant::now()).await.unwrap().remove(0);
    second.answer.ack().await.unwrap();
    confirm.await.unwrap();
    assert_eq!(memory.pending(), 0);
    let nobody = chassis::events::Envelope { event_type: "auth.v1.Unheard".to_owned(), ..envelope("user") };
    memory.publish(nobody).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_batch_waits_until_it_may_begin_or_is_full() {
    let memory = MemoryBus::limited_to(&["wallet"]);
    let mut queue = memory.subscribe("wallet").await.unwrap();
    drop(memory.publish(envelope("first")).await.unwrap());
    let mut batch = Box::pin(queue.next_batch(2, Instant::now() + Duration::from_secs(3600)));
    assert!(futures_util::poll!(&mut batch).is_pending());
    drop(memory.publish(envelope("second")).await.unwrap());
    assert_eq!(batch.await.unwrap().len(), 2);
    drop(memory.publish(envelope("alone")).await.unwrap());
    assert_eq!(queue.next_batch(500, Instant::now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_subscription_gets_nothing_until_the_first_is_gone() {
    let memory = MemoryBus::limited_to(&["wallet"]);
    let mut first = memory.subscribe("wallet").await.unwrap();
    let mut second = memory.subscribe("wallet").await.unwrap();
    let mut idle = Box::pin(first.next_batch(1, Instant::now()));
    assert!(futures_util::poll!(&mut idle).is_pending());
    let mut standby = Box::pin(second.next_batch(1, Instant::now()));
    assert!(futures_util::poll!(&mut standby).is_pending());
    drop(memory.publish(envelope("user")).await.unwrap());
    let taken = idle.await.unwrap();
    assert!(futures_util::poll!(&mut standby).is_pending());
    drop((taken, first));
    assert_eq!(standby.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_consumer_killed_in_the_middle_leaves_nothing_and_its_successor_does_all() {
    let mut world = World::new().await;
    world.effects = Arc::new(Effects::gated());
    let (memory, bus) = wallet_alone();
    let all = subjects("user", 30);
    for subject in &all {
        drop(bus.publish(envelope(subject)).await.unwrap());
    }
    let consumer = world.start_consumer(&bus);
    world.effects.waiting.notified().await;
    consumer.kill().await;
    let successor = start_consumer(&world.receiver, &Arc::default(), &bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    successor.stop().await;
    assert_eq!(world.effects().await, once(&all));
}

#[tokio::test]
async fn a_consumer_asked_to_stop_finishes_the_batch_at_hand() {
    let mut world = World::new().await;
    world.effects = Arc::new(Effects::gated());
    let (memory, bus) = wallet_alone();
    drop(bus.publish(envelope("user")).await.unwrap());
    let consumer = world.start_consumer(&bus);
    world.effects.waiting.notified().await;
    consumer.cancel.cancel();
    world.effects.gate.as_ref().unwrap().add_permits(1);
    consumer.stop().await;
    assert_eq!(memory.pending(), 0);
    assert_eq!(world.effects().await, once(&["user".to_owned()]));
}

#[tokio::test]
async fn ended_sessions_are_the_chassiss_own_concern() {
    let world = World::new().await;
    let (memory, bus) = wallet_alone();
    let session = uuid::Uuid::from_u128(7);
    let now = world.receiver.now();
    let message = SessionRevoked {
        session_id: session.as_bytes().to_vec(),
        expires_at: now.plus_hours(1).micros(),
        ..SessionRevoked::default()
    };
    let mut event = envelope("session");
    event.event_type = "auth.v1.SessionRevoked".to_owned();
    event.data = message.encode_to_vec();
    drop(bus.publish(event).await.unwrap());
    drop(bus.publish(envelope("user")).await.unwrap());
    let consumer = world.start_consumer(&bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!(world.effects().await, once(&["user".to_owned()]));
    let mut c = world.receiver.db().write().await.unwrap();
    let kept: Vec<Vec<u8>> = revoked_sessions::table.select(revoked_sessions::session_id).load(&mut c).await.unwrap();
    assert_eq!(kept, [session.as_bytes().to_vec()]);
    assert_eq!(revocation::sweep(&mut c, now.plus_hours(2)).await.unwrap(), 1);
}
