//! Unroutable events: no queue is bound for their type.

use super::{channel, connect, up, with_namespace};
use crate::fixture::{Fixture, envelope, eventually, once, subjects};
use futures_util::future::join_all;
use lapin::options::QueueBindOptions;
use lapin::types::FieldTable;
use proto_events::Envelope;
use proto_events::subscriptions::SUBSCRIPTIONS;

const REGISTERED: &str = "auth.v1.UserRegistered";
/// The service whose consumer runs.
const RECEIVER: &str = "wallet";

/// Queues of the services that subscribe to `event_type`.
fn queues(namespace: &str, event_type: &str) -> Vec<String> {
    let takes = SUBSCRIPTIONS.iter().filter(|s| s.types.contains(&event_type));
    let mut services: Vec<&str> = takes.map(|s| s.service).collect();
    // The receiver's queue is bound first: an event that reaches any queue counts as sent.
    services.sort_by_key(|service| *service != RECEIVER);
    services.into_iter().map(|service| format!("{namespace}.{service}")).collect()
}

async fn unbind(channel: &lapin::Channel, namespace: &str, event_type: &str) {
    for queue in queues(namespace, event_type) {
        let exchange = format!("{namespace}.events");
        channel.queue_unbind(queue.into(), exchange.into(), event_type.into(), FieldTable::default()).await.unwrap();
    }
}

async fn bind(channel: &lapin::Channel, namespace: &str, event_type: &str) {
    for queue in queues(namespace, event_type) {
        let exchange = format!("{namespace}.events");
        let options = QueueBindOptions::default();
        channel
            .queue_bind(queue.into(), exchange.into(), event_type.into(), options, FieldTable::default())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_unroutable_event_stays_unsent_and_is_delivered_once_a_queue_is_bound() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let bus = connect(&namespace);
        up(&bus).await;
        let channel = channel().await;
        unbind(&channel, &namespace, REGISTERED).await;
        let refused = bus.publish(envelope("lost")).await.unwrap().await.unwrap_err().to_string();
        assert!(refused.ends_with("no queue is bound for auth.v1.UserRegistered"), "{refused}");
        let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
        let all = subjects("user", 20);
        fixture.publish(&all).await;
        // The bus goes on returning them.
        for _ in 0..3 {
            bus.publish(envelope("lost")).await.unwrap().await.unwrap_err();
        }
        assert_eq!(fixture.unsent().await, 20);
        bind(&channel, &namespace, REGISTERED).await;
        fixture.all_sent().await;
        eventually("all took effect", async || fixture.effects().await.len() == all.len()).await;
        relay.stop().await;
        consumer.stop().await;
        assert_eq!(fixture.effects().await, once(&all));
    })
    .await;
}

fn typed(event_type: &str, subject: &str) -> Envelope {
    Envelope { event_type: event_type.to_owned(), ..envelope(subject) }
}

#[tokio::test]
async fn among_many_at_once_exactly_the_returned_events_are_not_sent() {
    with_namespace(async |namespace| {
        let bus = connect(&namespace);
        up(&bus).await;
        unbind(&channel().await, &namespace, REGISTERED).await;
        for round in 0..20 {
            let mut expected = Vec::new();
            let mut confirms = Vec::new();
            for n in 0..100 {
                // One unroutable event, two that have queues, one without subscribers.
                let (event_type, is_sent) = match n % 4 {
                    0 => (REGISTERED, false),
                    1 | 2 => ("booking.v1.PaymentCompleted", true),
                    _ => ("unknown.v1.Event", true),
                };
                confirms.push(bus.publish(typed(event_type, "x")).await.unwrap());
                expected.push(is_sent);
            }
            let sent: Vec<bool> = join_all(confirms).await.iter().map(Result::is_ok).collect();
            // A sent event may count as unsent, but an unsent one never as sent.
            for (n, (sent, expected)) in sent.iter().zip(&expected).enumerate() {
                assert!(*expected || !sent, "round {round}, event {n} was lost");
            }
            let needless = sent.iter().zip(&expected).filter(|(sent, expected)| **expected && !**sent).count();
            assert!(needless <= 25, "round {round}: {needless} sent events count as unsent");
        }
    })
    .await;
}
