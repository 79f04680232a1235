//! Interface of the event bus between services: RabbitMQ, or the memory of one process.

use futures_util::future::BoxFuture;
use proto_events::Envelope;
use tokio::time::Instant;

/// The bus cannot be reached, or a subscription of it was lost.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event bus is not available: {0}")]
pub struct BusDown(pub String);

/// Why the bus did not accept an event.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The connection failed; a later attempt may succeed.
    #[error(transparent)]
    Down(#[from] BusDown),
    /// The event has subscribers, but no queue is bound for its type. Others of the type would be returned too.
    #[error("no queue is bound for {0}")]
    Unroutable(String),
}

/// Resolves when the event is safe with the bus: the broker has confirmed it, or, in one process, every subscriber has
/// committed its effects. Until then the outbox row stays unsent.
pub type PublishConfirmation = BoxFuture<'static, Result<(), PublishError>>;

/// The publishing end and the queues of every service.
#[async_trait::async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes one event. Returns before it is confirmed.
    async fn publish(&self, event: Envelope) -> Result<PublishConfirmation, BusDown>;
    /// Events that may be unconfirmed at once.
    fn window(&self) -> usize;
    /// The queue of `service`, with every binding declared. Of several subscriptions of a service, one gets
    /// deliveries.
    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown>;
    /// The dead-letter queue of `service`; `None` when the bus has none.
    async fn dead_letters(&self, _service: &'static str) -> Result<Option<Box<dyn Queue>>, BusDown> {
        Ok(None)
    }
    /// Errors while the bus cannot be used.
    async fn ping(&self) -> Result<(), BusDown>;
}

/// Deliveries to one service.
#[async_trait::async_trait]
pub trait Queue: Send {
    /// Waits for one event, then collects more, up to `max`. A batch that is not full is returned at `earliest`, or at once
    /// if that has passed. Errors when the subscription is lost; the caller subscribes again.
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown>;

    /// Acknowledges several deliveries of this queue.
    async fn ack_all(&mut self, ackers: Vec<Box<dyn Acker>>) -> Result<(), BusDown> {
        for acker in ackers {
            acker.ack().await?;
        }
        Ok(())
    }
}

/// A delivered event. Dropped without an acknowledgement, it is delivered again.
pub struct Delivery {
    pub event: Envelope,
    /// Whether it was delivered before without an acknowledgement.
    pub is_redelivered: bool,
    pub acker: Box<dyn Acker>,
}

/// Acknowledges one delivery.
#[async_trait::async_trait]
pub trait Acker: Send + Sync {
    /// Acknowledges: the effects are committed.
    async fn ack(self: Box<Self>) -> Result<(), BusDown>;
    /// Rejects: the event is delivered again.
    async fn requeue(self: Box<Self>) -> Result<(), BusDown>;
}
