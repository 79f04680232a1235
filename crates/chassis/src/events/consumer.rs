//! The receiving end of a service: what a service implements, and the loop that drives it.

use super::HandleError;
use db::DbConnection;
use proto_events::Envelope;

/// A service's handling of events.
///
/// The loop opens one transaction for a batch, drops the events this service has seen before, and hands the
/// rest over; whatever the handler writes commits with the record that they were seen. When a batch fails,
/// its events are handed over one by one: one that may work later is retried, one that never will is parked.
///
/// No order is promised, so a handler is one of three kinds: it holds for any order, or the highest version
/// wins, or it happens once by a key that is unique for ever.
#[async_trait::async_trait]
pub trait Consumer: Send + Sync + 'static {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError>;

    /// The batch handed over last is committed. A consumer with state in memory makes it current here, and
    /// reloads it from the database when `handle` is called again without this in between.
    async fn committed(&self) {}
}
