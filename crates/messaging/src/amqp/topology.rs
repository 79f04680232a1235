//! Exchanges, queues and bindings on the broker.
//!
//! | name | purpose |
//! |---|---|
//! | `<namespace>.events` | topic exchange; the routing key is the event's type |
//! | `<namespace>.<service>` | quorum queue of a service, one consumer at a time, bound to the types it subscribes to |
//! | `<namespace>.dead` | direct exchange for dead letters: events delivered too often |
//! | `<namespace>.<service>.dead` | dead-letter queue of a service |
//!
//! Every process declares all of them, so that no event published before the first start of a service is lost.

use futures_util::future::try_join_all;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ExchangeKind};
use proto_events::subscriptions::SUBSCRIPTIONS;

/// Unacknowledged deliveries after which the broker moves an event to the dead-letter queue.
const DELIVERY_LIMIT: i64 = 50;

/// Names of exchanges and queues of one installation.
#[derive(Debug, Clone)]
pub(super) struct Names {
    namespace: String,
}

impl Names {
    pub(super) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned() }
    }
    pub(super) fn events(&self) -> String {
        format!("{}.events", self.namespace)
    }
    pub(super) fn dead(&self) -> String {
        format!("{}.dead", self.namespace)
    }
    pub(super) fn queue(&self, service: &str) -> String {
        format!("{}.{service}", self.namespace)
    }
    pub(super) fn dead_queue(&self, service: &str) -> String {
        format!("{}.{service}.dead", self.namespace)
    }
}

fn text(value: impl Into<LongString>) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn arguments(pairs: impl IntoIterator<Item = (&'static str, AMQPValue)>) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in pairs {
        table.insert(key.into(), value);
    }
    table
}

/// Declares all exchanges, queues and bindings; does nothing for those that exist.
pub(super) async fn declare(channel: &Channel, names: &Names) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    for (name, kind) in [(names.events(), ExchangeKind::Topic), (names.dead(), ExchangeKind::Direct)] {
        channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await?;
    }
    for subscription in SUBSCRIPTIONS {
        declare_queues(channel, names, subscription.service).await?;
        let queue = names.queue(subscription.service);
        try_join_all(subscription.types.iter().map(|event_type| {
            let (queue, exchange) = (queue.as_str().into(), names.events().into());
            channel.queue_bind(
                queue,
                exchange,
                (*event_type).into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
        }))
        .await?;
    }
    Ok(())
}

async fn declare_queues(channel: &Channel, names: &Names, service: &str) -> lapin::Result<()> {
    let durable = QueueDeclareOptions { durable: true, ..Default::default() };
    let dead = names.dead_queue(service);
    channel.queue_declare(dead.as_str().into(), durable, arguments([("x-queue-type", text("quorum"))])).await?;
    let bound = QueueBindOptions::default();
    channel.queue_bind(dead.into(), names.dead().into(), service.into(), bound, FieldTable::default()).await?;
    let with = arguments([
        ("x-queue-type", text("quorum")),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        ("x-delivery-limit", AMQPValue::LongLongInt(DELIVERY_LIMIT)),
        ("x-dead-letter-exchange", text(names.dead())),
        ("x-dead-letter-routing-key", text(service)),
        // The broker keeps a dead letter until its queue has confirmed it, which requires `x-overflow` below.
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ]);
    channel.queue_declare(names.queue(service).into(), durable, with).await.map(drop)
}
