//! What carries events between services: RabbitMQ, or this process.

use futures_util::future::BoxFuture;
use proto_events::Envelope;
use tokio::time::Instant;

#[derive(Debug, Clone, thiserror::Error)]
#[error("the event bus is not available: {0}")]
pub struct BusDown(pub String);

/// Why an event is not safe with the bus.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotTaken {
    #[error(transparent)]
    Down(#[from] BusDown),
    /// It has subscribers and was returned. Others of its type would be too.
    #[error("no queue is bound for {0}")]
    NoQueue(String),
}

/// Resolves when the event is safe with the bus: the broker has confirmed it, or, in one process, every
/// subscriber has committed its effects. Until then the outbox row stays unsent.
pub type Confirm = BoxFuture<'static, Result<(), NotTaken>>;

/// The publishing end and the queues of every service.
#[async_trait::async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Hands one event over. Returns as soon as it is accepted, before it is confirmed.
    async fn publish(&self, event: Envelope) -> Result<Confirm, BusDown>;
    /// How many events may be unconfirmed at once.
    fn window(&self) -> usize;
    /// The queue of `service`, with every binding declared. One live subscription a service gets deliveries.
    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown>;
    /// What the bus gave up delivering to `service`, where it gives up at all.
    async fn dead_letters(&self, _service: &'static str) -> Result<Option<Box<dyn Queue>>, BusDown> {
        Ok(None)
    }
    async fn ping(&self) -> Result<(), BusDown>;
}

/// One service's deliveries.
#[async_trait::async_trait]
pub trait Queue: Send {
    /// Waits for the first event, then takes what else is there, up to `max`; one that is not full waits for more until
    /// `earliest`.
    /// An error means that the subscription is gone and has to be made anew.
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown>;

    /// Acknowledges deliveries of this queue together.
    async fn ack_all(&mut self, answers: Vec<Box<dyn Answer>>) -> Result<(), BusDown> {
        for answer in answers {
            answer.ack().await?;
        }
        Ok(())
    }
}

/// An event and the means to say what became of it. Dropped unanswered, it is delivered again.
pub struct Delivery {
    pub event: Envelope,
    /// Whether somebody had it before and did not answer.
    pub is_redelivered: bool,
    pub answer: Box<dyn Answer>,
}

#[async_trait::async_trait]
pub trait Answer: Send + Sync {
    /// Its effects are committed.
    async fn ack(self: Box<Self>) -> Result<(), BusDown>;
    /// Not now: deliver it again.
    async fn retry(self: Box<Self>) -> Result<(), BusDown>;
}
