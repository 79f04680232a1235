//! Exactly one effect of each event, with duplicates, reordering and delays.

use super::fixture::{Effects, Fixture, envelope, eventually, once, start_consumer, subjects};
use db::DbConnection;
use messaging::bus::EventBus;
use messaging::handler::EventHandler;
use messaging::memory::MemoryBus;
use messaging::{HandleError, consumer, parked};
use proto_events::Envelope;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use testkit::fault_injection;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

fn wallet_bus() -> (MemoryBus, Arc<dyn EventBus>) {
    let bus = MemoryBus::limited_to(&["wallet"]);
    (bus.clone(), Arc::new(bus))
}

#[tokio::test]
async fn an_event_that_is_delivered_five_times_takes_effect_once() {
    let fixture = Fixture::new().await;
    let (memory, bus) = wallet_bus();
    let all = subjects("user", 20);
    let events: Vec<_> = all.iter().map(|s| envelope(s)).collect();
    // Strides that share no factor with twenty meet every event, in another order each time.
    for stride in [1, 3, 7, 9, 11] {
        for n in 0..events.len() {
            drop(bus.publish(events[n * stride % events.len()].clone()).await.unwrap());
        }
    }
    let consumer = fixture.start_consumer(&bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_duplicate_alone_is_not_passed_to_the_handler_and_not_committed() {
    let fixture = Fixture::new().await;
    let (memory, bus) = wallet_bus();
    let consumer = fixture.start_consumer(&bus);
    let event = envelope("user");
    for _ in 0..3 {
        bus.publish(event.clone()).await.unwrap().await.unwrap();
    }
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
    assert_eq!(
        (AtomicU32::load(&fixture.effects.committed, Ordering::SeqCst), fixture.effects.attempts("user")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_duplicate_at_the_end_of_a_batch_takes_no_new_event_with_it() {
    // A batch is inserted by statements of few lengths: the last one fails, the ones before it do not.
    for new in [1, 8, 20, 63, 64, 600] {
        let fixture = Fixture::new().await;
        let (memory, bus) = wallet_bus();
        let known = envelope("known");
        drop(bus.publish(known.clone()).await.unwrap());
        let consumer = fixture.start_consumer(&bus);
        eventually("it took effect", async || memory.pending() == 0).await;
        consumer.stop().await;
        let mut all = subjects("user", new);
        for subject in &all {
            drop(bus.publish(envelope(subject)).await.unwrap());
        }
        drop(bus.publish(known).await.unwrap());
        let consumer = fixture.start_consumer(&bus);
        eventually("the queue is empty", async || memory.pending() == 0).await;
        consumer.stop().await;
        all.push("known".to_owned());
        assert_eq!(fixture.effects().await, once(&all), "{new}");
    }
}

#[tokio::test]
async fn with_reordering_duplicates_and_delays_each_event_takes_effect_once() {
    let fixture = Fixture::new().await;
    let mut all = Vec::new();
    for seed in 0..50 {
        let memory = fault_injection::memory_bus_limited_to(&["wallet"], seed);
        let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
        let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
        let some = subjects(&format!("seed{seed}-"), 40);
        fixture.publish(&some).await;
        fixture.all_sent().await;
        eventually("every copy is delivered", async || memory.pending() == 0).await;
        all.extend(some);
        relay.stop().await;
        consumer.stop().await;
    }
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_queue_with_faults_delivers_every_event() {
    for seed in 0..50 {
        let memory = fault_injection::memory_bus_limited_to(&["wallet"], seed);
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
                if n % 5 == 4 { drop(delivery) } else { delivery.acker.ack().await.unwrap() }
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
    first.acker.ack().await.unwrap();
    assert!(futures_util::poll!(&mut confirm).is_pending());
    let second = binary.next_batch(1, Instant::now()).await.unwrap().remove(0);
    second.acker.requeue().await.unwrap();
    assert!(futures_util::poll!(&mut confirm).is_pending());
    let second = binary.next_batch(1, Instant::now()).await.unwrap().remove(0);
    second.acker.ack().await.unwrap();
    confirm.await.unwrap();
    assert_eq!(memory.pending(), 0);
    let unsubscribed = Envelope { event_type: "auth.v1.Unknown".to_owned(), ..envelope("user") };
    memory.publish(unsubscribed).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_batch_waits_until_it_may_begin_or_is_full() {
    let memory = MemoryBus::limited_to(&["wallet"]);
    let mut queue = memory.subscribe("wallet").await.unwrap();
    drop(memory.publish(envelope("first")).await.unwrap());
    let mut batch = Box::pin(queue.next_batch(2, Instant::now() + Duration::from_secs(3600)));
    assert!(futures_util::poll!(&mut batch).is_pending());
    drop(memory.publish(envelope("second")).await.unwrap());
    let deliveries = batch.await.unwrap();
    assert_eq!(deliveries.len(), 2);
    for delivery in deliveries {
        delivery.acker.ack().await.unwrap();
    }
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
    let mut fixture = Fixture::new().await;
    fixture.effects = Arc::new(Effects::gated());
    let (memory, bus) = wallet_bus();
    let all = subjects("user", 30);
    for subject in &all {
        drop(bus.publish(envelope(subject)).await.unwrap());
    }
    let consumer = fixture.start_consumer(&bus);
    fixture.effects.waiting.notified().await;
    consumer.kill().await;
    let successor = start_consumer(&fixture.receiver, &Arc::default(), &bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    successor.stop().await;
    assert_eq!(fixture.effects().await, once(&all));
}

#[tokio::test]
async fn a_consumer_asked_to_stop_finishes_the_batch_at_hand() {
    let mut fixture = Fixture::new().await;
    fixture.effects = Arc::new(Effects::gated());
    let (memory, bus) = wallet_bus();
    drop(bus.publish(envelope("user")).await.unwrap());
    let consumer = fixture.start_consumer(&bus);
    fixture.effects.waiting.notified().await;
    consumer.cancel.cancel();
    fixture.effects.gate.as_ref().unwrap().add_permits(1);
    consumer.stop().await;
    assert_eq!(memory.pending(), 0);
    assert_eq!(fixture.effects().await, once(&["user".to_owned()]));
}

/// A handler for every service that counts its events.
#[derive(Default)]
struct Framework(AtomicU32);

#[async_trait::async_trait]
impl EventHandler for Framework {
    fn types(&self) -> Vec<String> {
        vec!["auth.v1.SessionRevoked".to_owned()]
    }
    async fn handle(&self, _: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        assert!(events.iter().all(|event| event.event_type == "auth.v1.SessionRevoked"));
        self.0.fetch_add(u32::try_from(events.len()).unwrap(), Ordering::SeqCst);
        if events.iter().any(|event| event.subject.starts_with("poison")) {
            return Err(HandleError::poison("it is poison"));
        }
        Ok(())
    }
}

fn revoked(subject: &str) -> Envelope {
    Envelope { event_type: "auth.v1.SessionRevoked".to_owned(), ..envelope(subject) }
}

#[tokio::test]
async fn events_of_the_framework_do_not_reach_the_handler_of_the_service() {
    let fixture = Fixture::new().await;
    let (memory, bus) = wallet_bus();
    let framework = Arc::new(Framework::default());
    for event in [revoked("session"), envelope("user"), revoked("another"), revoked("poison")] {
        drop(bus.publish(event).await.unwrap());
    }
    let cancel = CancellationToken::new();
    let processor = fixture.processor().with_framework(framework.clone());
    let consumer = tokio::spawn(consumer::run(processor, bus.clone(), cancel.clone()));
    eventually("the queue is empty", async || memory.pending() == 0).await;
    assert_eq!(fixture.effects().await, once(&["user".to_owned()]));
    let batches = fixture.effects.handled.load(Ordering::SeqCst);
    let committed = AtomicU32::load(&fixture.effects.committed, Ordering::SeqCst);
    bus.publish(revoked("alone")).await.unwrap().await.unwrap();
    cancel.cancel();
    consumer.await.unwrap();
    assert_eq!(fixture.effects.handled.load(Ordering::SeqCst), batches, "nothing is passed on");
    assert_eq!(AtomicU32::load(&fixture.effects.committed, Ordering::SeqCst), committed, "nor is a commit reported");
    let mut c = fixture.receiver.db().write().await.unwrap();
    let parked = parked::list(&mut c, 100, 0).await.unwrap();
    assert_eq!(parked.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>(), ["poison"]);
    assert!(AtomicU32::load(&framework.0, Ordering::SeqCst) >= 4);
}
