//! Exchanges, queues and bindings, and what happens beside a change of them.

use super::{channel, connect, server, up, with_namespace};
use crate::fixture::{Fixture, envelope, eventually, once};
use futures_util::StreamExt;
use lapin::Channel;
use lapin::options::{
    BasicConsumeOptions, BasicRejectOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use messaging::amqp::apply_topology;
use messaging::parked;
use proto_events::Envelope;
use tokio::time::Instant;

#[tokio::test]
async fn a_dead_letter_is_tried_once_more_before_it_is_parked() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let bus = connect(&namespace);
        up(&bus).await;
        for subject in ["restless", "poison-1"] {
            bus.publish(envelope(subject)).await.unwrap().await.unwrap();
        }
        // The broker moves a rejected event to the dead letters, as it does with one that it has delivered too often.
        let (channel, queue) = (channel().await, format!("{namespace}.wallet"));
        let options = BasicConsumeOptions::default();
        let mut deliveries =
            channel.basic_consume(queue.into(), "rejecting".into(), options, FieldTable::default()).await.unwrap();
        for _ in 0..2 {
            let delivery = deliveries.next().await.unwrap().unwrap();
            channel.basic_reject(delivery.delivery_tag, BasicRejectOptions { requeue: false }).await.unwrap();
        }
        channel.close(200, "done".into()).await.unwrap();
        let consumer = fixture.start_consumer(&bus);
        let parked = async || {
            let mut c = fixture.receiver.db().write().await.unwrap();
            parked::list(&mut c, 10, 0).await.unwrap()
        };
        eventually("one takes effect", async || fixture.effects().await.contains_key("restless")).await;
        eventually("the other is parked", async || parked().await.len() == 1).await;
        consumer.stop().await;
        assert_eq!(parked().await[0].subject, "poison-1");
        assert_eq!(fixture.effects().await, once(&["restless".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_queue_is_consumed_again_once_the_topology_is_applied() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let bus = connect(&namespace);
        up(&bus).await;
        let consumer = fixture.start_consumer(&bus);
        bus.publish(envelope("before")).await.unwrap().await.unwrap();
        eventually("it took effect", async || fixture.effects().await.contains_key("before")).await;
        let queue = format!("{namespace}.wallet");
        channel().await.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        // At once, so that the consumer may subscribe while the queue elects its leader.
        apply_topology(&server("TEST_AMQP_URL"), &namespace, None).await.unwrap();
        // Events published while there is no queue are lost.
        eventually("the service listens again", async || {
            bus.publish(envelope("after")).await.unwrap().await.unwrap();
            fixture.effects().await.contains_key("after")
        })
        .await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_declared_again_at_once_is_consumed_again() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let (bus, channel) = (connect(&namespace), channel().await);
        up(&bus).await;
        let consumer = fixture.start_consumer(&bus);
        bus.publish(envelope("before")).await.unwrap().await.unwrap();
        eventually("it took effect", async || fixture.effects().await.contains_key("before")).await;
        let queue = format!("{namespace}.wallet");
        // The broker does not always say that a subscription has ended, and counts consumers that it does not serve.
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        declare_queue(&channel, &namespace, &queue).await;
        eventually("the service listens again", async || {
            if let Ok(confirmation) = bus.publish(envelope("after")).await {
                // An event fails when the connection does, and is published again.
                let _ = confirmation.await;
            }
            fixture.effects().await.contains_key("after")
        })
        .await;
        consumer.stop().await;
    })
    .await;
}

/// As `apply_topology` declares it, on a channel that is open.
async fn declare_queue(channel: &Channel, namespace: &str, queue: &str) {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.into(), durable, arguments).await.unwrap();
    let (exchange, event_type, bound) =
        (format!("{namespace}.events"), envelope("").event_type, QueueBindOptions::default());
    channel.queue_bind(queue.into(), exchange.into(), event_type.into(), bound, FieldTable::default()).await.unwrap();
}

#[tokio::test]
async fn the_topology_is_applied_again_beside_queues_with_other_arguments_and_more_bindings() {
    with_namespace(async |namespace| {
        let (bus, channel) = (connect(&namespace), channel().await);
        up(&bus).await;
        let queue = format!("{namespace}.wallet");
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        let mut older = FieldTable::default();
        older.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        older.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(7));
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.as_str().into(), durable, older).await.unwrap();
        let (exchange, bound) = (format!("{namespace}.events"), QueueBindOptions::default());
        let newer = "auth.v1.TypeOfALaterVersion";
        channel.queue_bind(queue.into(), exchange.into(), newer.into(), bound, FieldTable::default()).await.unwrap();
        for _ in 0..2 {
            apply_topology(&server("TEST_AMQP_URL"), &namespace, None).await.unwrap();
        }
        // The later version's binding stays, and the bindings of this version are there again.
        for event_type in ["auth.v1.UserRegistered", newer] {
            let event = Envelope { event_type: event_type.to_owned(), ..envelope("user") };
            bus.publish(event).await.unwrap().await.unwrap();
        }
        let mut queue = bus.subscribe("wallet").await.unwrap();
        // A delivery that is dropped is delivered again.
        let mut deliveries = Vec::new();
        while deliveries.len() < 2 {
            deliveries.extend(queue.next_batch(10, Instant::now()).await.unwrap());
        }
        let types: Vec<&str> = deliveries.iter().map(|delivery| delivery.event.event_type.as_str()).collect();
        assert_eq!(types, ["auth.v1.UserRegistered", newer]);
    })
    .await;
}
