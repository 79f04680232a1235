//! Publisher with confirmations and returned messages.
//!
//! An event with subscribers is published as mandatory: when no queue is bound for it, the broker returns it and then
//! confirms it, and it counts as not sent. The client library attaches a returned message to whichever confirmation
//! resolves next, not to its own. So a returned message is identified by its id; an outcome is decided only after
//! every confirmation that has resolved is collected; and an event whose confirmation carries the message of another
//! event counts as not sent, because its own message may be attached to a third.

use super::message;
use super::queue::down;
use crate::bus::{BusDown, PublishConfirmation, PublishError};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, TryFutureExt};
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation};
use metrics::{counter, gauge};
use proto_events::Envelope;
use proto_events::subscriptions::SUBSCRIPTIONS;
use runtime::telemetry::gauge_value;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

type EventId = [u8; 16];
type Outcome = Result<(), PublishError>;

/// A published, unconfirmed event.
struct Published {
    id: EventId,
    event_type: String,
    outcome: oneshot::Sender<Outcome>,
}

type Confirming = BoxFuture<'static, (Published, lapin::Result<Confirmation>)>;

/// The channel for publishing events.
pub(super) struct Publisher {
    channel: Channel,
    /// Locked from publishing an event until its confirmation is passed to the collector.
    sent: Arc<Mutex<mpsc::UnboundedSender<Confirming>>>,
}

impl Publisher {
    pub(super) fn new(channel: Channel) -> Self {
        let (sent, received) = mpsc::unbounded_channel();
        let sent = Arc::new(Mutex::new(sent));
        let collector = Collector {
            received,
            sent: Arc::downgrade(&sent),
            confirming: FuturesUnordered::new(),
            resolved: Vec::new(),
            returned: HashSet::new(),
            unroutable: BTreeSet::new(),
        };
        tokio::spawn(collector.run());
        Self { channel, sent }
    }

    pub(super) fn is_up(&self) -> bool {
        self.channel.status().connected()
    }

    pub(super) async fn publish(&self, exchange: String, event: Envelope) -> lapin::Result<PublishConfirmation> {
        // An event without subscribers has no queue and counts as delivered.
        let options = BasicPublishOptions { mandatory: has_subscriber(&event.event_type), ..Default::default() };
        let properties = message::properties(&event);
        let (outcome, decided) = oneshot::channel();
        {
            let sent = self.sent.lock().await;
            let routing_key = event.event_type.as_str().into();
            let confirm =
                self.channel.basic_publish(exchange.into(), routing_key, options, &event.data, properties).await?;
            let published = Published { id: event.id, event_type: event.event_type, outcome };
            // The collector runs as long as the sender exists.
            let _ = sent.send(confirm.map(move |confirmation| (published, confirmation)).boxed());
        }
        Ok(decided.unwrap_or_else(|_| Err(BusDown("the connection was lost".to_owned()).into())).boxed())
    }
}

fn has_subscriber(event_type: &str) -> bool {
    SUBSCRIPTIONS.iter().any(|subscription| subscription.types.contains(&event_type))
}

/// Collects confirmations and decides outcomes.
struct Collector {
    received: mpsc::UnboundedReceiver<Confirming>,
    sent: std::sync::Weak<Mutex<mpsc::UnboundedSender<Confirming>>>,
    confirming: FuturesUnordered<Confirming>,
    /// Confirmations that have resolved and are not decided.
    resolved: Vec<(Published, Outcome)>,
    returned: HashSet<EventId>,
    /// Event types whose last event was returned.
    unroutable: BTreeSet<String>,
}

impl Collector {
    /// Ends when the publisher is dropped and no event is unconfirmed.
    async fn run(mut self) {
        loop {
            if self.resolved.is_empty() {
                tokio::select! {
                    Some(confirming) = self.received.recv() => self.confirming.push(confirming),
                    Some((published, confirmation)) = self.confirming.next() => self.collect(published, confirmation),
                    else => break,
                }
            }
            self.collect_resolved();
            let due = std::mem::take(&mut self.resolved);
            if due.is_empty() {
                continue;
            }
            self.collect_sent().await;
            for (published, outcome) in due {
                self.decide(published, outcome);
            }
        }
        gauge!("broker_unroutable_types").set(0.0);
    }

    /// Collects resolved confirmations in the order in which they resolved.
    fn collect_resolved(&mut self) {
        while let Some(Some((published, confirmation))) = self.confirming.next().now_or_never() {
            self.collect(published, confirmation);
        }
    }

    /// Collects confirmations that had resolved before they were passed to the collector.
    async fn collect_sent(&mut self) {
        let sent = self.sent.upgrade();
        let sending = match &sent {
            Some(sent) => Some(sent.lock().await),
            None => None,
        };
        while let Ok(mut confirming) = self.received.try_recv() {
            match (&mut confirming).now_or_never() {
                Some((published, confirmation)) => self.collect(published, confirmation),
                None => self.confirming.push(confirming),
            }
        }
        drop(sending);
        self.collect_resolved();
    }

    fn collect(&mut self, published: Published, confirmation: lapin::Result<Confirmation>) {
        let outcome = match confirmation {
            Ok(confirmation) => {
                let is_acked = confirmation.is_ack();
                let returned = confirmation.take_message().map(|message| message::id(&message.delivery.properties));
                self.returned.extend(returned);
                if is_acked && returned.is_none_or(|id| id == published.id) {
                    Ok(())
                } else {
                    Err(BusDown("the broker did not accept the event".to_owned()).into())
                }
            }
            Err(error) => Err(down(error).into()),
        };
        self.resolved.push((published, outcome));
    }

    fn decide(&mut self, published: Published, outcome: Outcome) {
        let Published { id, event_type, outcome: decided } = published;
        let outcome = if self.returned.remove(&id) {
            counter!("broker_returned_total", "type" => event_type.clone()).increment(1);
            if self.unroutable.insert(event_type.clone()) {
                tracing::error!(event = event_type, "event unroutable: no queue is bound for its type");
            }
            Err(PublishError::Unroutable(event_type))
        } else {
            if outcome.is_ok() {
                self.unroutable.remove(&event_type);
            }
            outcome
        };
        gauge!("broker_unroutable_types").set(gauge_value(self.unroutable.len()));
        // The relay may have ended.
        let _ = decided.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_with_subscribers_must_be_routable() {
        for subscription in SUBSCRIPTIONS {
            for event_type in subscription.types {
                assert!(has_subscriber(event_type), "{event_type}");
            }
        }
        assert!(!has_subscriber("unknown.v1.Event"));
    }
}
