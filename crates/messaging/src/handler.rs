//! Interface of a service's event consumer.

use crate::HandleError;
use db::DbConnection;
use proto_events::Envelope;

/// A service's handling of events.
///
/// The consumer loop opens one transaction for a batch, drops the events that this service has seen before, and
/// passes the rest to [`EventHandler::handle`]; its writes commit together with the inbox rows. When a batch fails,
/// its events are handled one by one: an event that failed transiently is retried without limit, an event that can
/// never be handled is parked. While the database is unusable, nothing is handled, acknowledged or parked.
///
/// Events arrive in any order. A handler is therefore of one of three kinds: its effect does not depend on the order,
/// or the highest version wins, or a unique key lets the effect happen once.
#[async_trait::async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// The event types that the service handles. They are its subscription.
    fn types(&self) -> Vec<String>;

    /// Applies `events` within the transaction of `c`.
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError>;

    /// Called after the transaction of the last `handle` has committed. A handler with state in memory updates it
    /// here, and reloads it from the database when `handle` is called again without this call in between.
    async fn committed(&self) {}
}
