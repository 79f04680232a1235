//! Exchanges, queues and bindings on the broker.
//!
//! | name | purpose |
//! |---|---|
//! | `<namespace>.events` | topic exchange; the routing key is the event's type |
//! | `<namespace>.<service>` | quorum queue of a service, one consumer at a time, bound to the types it subscribes to |
//! | `<namespace>.dead` | direct exchange for dead letters: events delivered too often |
//! | `<namespace>.<service>.dead` | dead-letter queue of a service |
//!
//! A release applies the topology before it starts any service ([`super::apply_topology`]), so no event published before the first start
//! of a service is lost. Services declare nothing, and need no right to.
//!
//! What may change later is in policies of the broker, because a queue is never declared again with other arguments:
//! `delivery-limit`, after how many deliveries without an acknowledgement an event becomes a dead letter.

use super::QueueDepth;
use futures_util::future::try_join_all;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, Connection, ErrorKind, ExchangeKind};
use proto_events::subscriptions::SUBSCRIPTIONS;

/// Reply code of AMQP 0-9-1 for an ordinary end.
const REPLY_SUCCESS: u16 = 200;
/// Reply code for a declaration that differs from what exists.
const PRECONDITION_FAILED: u16 = 406;

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

/// Declares all exchanges, queues and bindings; does nothing for those that exist, and removes none.
pub(super) async fn declare(connection: &Connection, names: &Names) -> lapin::Result<()> {
    let mut channel = connection.create_channel().await?;
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    for (name, kind) in [(names.events(), ExchangeKind::Topic), (names.dead(), ExchangeKind::Direct)] {
        channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await?;
    }
    for subscription in SUBSCRIPTIONS {
        declare_queues(connection, &mut channel, names, subscription.service).await?;
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
    channel.close(REPLY_SUCCESS, "topology applied".into()).await
}

async fn declare_queues(
    connection: &Connection,
    channel: &mut Channel,
    names: &Names,
    service: &str,
) -> lapin::Result<()> {
    let dead = names.dead_queue(service);
    declare_queue(connection, channel, &dead, arguments([("x-queue-type", text("quorum"))])).await?;
    let bound = QueueBindOptions::default();
    channel.queue_bind(dead.into(), names.dead().into(), service.into(), bound, FieldTable::default()).await?;
    let with = arguments([
        ("x-queue-type", text("quorum")),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        ("x-dead-letter-exchange", text(names.dead())),
        ("x-dead-letter-routing-key", text(service)),
        // The broker keeps a dead letter until its queue has confirmed it, which requires `x-overflow` below.
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ]);
    declare_queue(connection, channel, &names.queue(service), with).await
}

/// Declares a queue. One that exists with other arguments stays as it is, because it may hold events.
///
/// A refused declaration closes its channel, which is replaced then. Otherwise one channel serves all declarations: a
/// channel that is dropped closes in the background, and would race with the end of the connection.
async fn declare_queue(
    connection: &Connection,
    channel: &mut Channel,
    queue: &str,
    with: FieldTable,
) -> lapin::Result<()> {
    let durable = QueueDeclareOptions { durable: true, ..Default::default() };
    let Err(error) = channel.queue_declare(queue.into(), durable, with).await else { return Ok(()) };
    if !is_precondition_failed(&error) {
        return Err(error);
    }
    tracing::warn!(queue, %error, "queue exists with other arguments and is not changed");
    *channel = connection.create_channel().await?;
    find_queue(channel, queue).await.map(drop)
}

/// An existing queue.
async fn find_queue(channel: &Channel, queue: &str) -> lapin::Result<lapin::Queue> {
    let existing = QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
    channel.queue_declare(queue.into(), existing, FieldTable::default()).await
}

/// The depths of the queues and dead-letter queues of all services.
pub(super) async fn queue_depths(connection: &Connection, names: &Names) -> lapin::Result<Vec<QueueDepth>> {
    let channel = connection.create_channel().await?;
    let mut depths = Vec::new();
    for subscription in SUBSCRIPTIONS {
        for queue in [names.queue(subscription.service), names.dead_queue(subscription.service)] {
            let found = find_queue(&channel, &queue).await?;
            depths.push(QueueDepth { queue, ready: found.message_count(), consumers: found.consumer_count() });
        }
    }
    channel.close(REPLY_SUCCESS, "depths read".into()).await?;
    Ok(depths)
}

fn is_precondition_failed(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if error.get_id() == PRECONDITION_FAILED)
}
