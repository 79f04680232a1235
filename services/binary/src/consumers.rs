//! Consumers of the binary service: members, payments, refunds and business days, applied to the tree in batches.

use crate::app::apply_events::apply_events;
use crate::app::event_reader::IncomingEvents;
use crate::app::tree_state::NO_BATCH;
use crate::error::BinaryError;
use crate::state::BinaryState;
use db::DbConnection;
use messaging::handler::EventHandler;
use messaging::{EventTable, HandleError};
use proto_events::Envelope;
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};
use std::sync::atomic::{AtomicU64, Ordering};

/// The events that the tree uses.
pub fn table() -> EventTable<IncomingEvents> {
    EventTable::<IncomingEvents>::default()
        .on_envelope::<UserRegistered>(|batch, registered, envelope| batch.add_member(registered.user, envelope))
        .on_envelope::<UserUpdated>(|batch, updated, envelope| batch.add_member(updated.user, envelope))
        .on_envelope::<PaymentCompleted>(IncomingEvents::add_payment)
        .on_envelope::<PaymentRefunded>(IncomingEvents::add_refund)
        .on_envelope::<DayStarted>(IncomingEvents::add_day)
}

/// The event consumer: applies incoming events to the tree.
pub(crate) struct TreeWriter {
    state: BinaryState,
    /// The batch written last and not confirmed yet.
    batch_id: AtomicU64,
}

impl TreeWriter {
    /// The consumer that changes the tree of `state`.
    pub(crate) fn new(state: BinaryState) -> Self {
        Self { state, batch_id: AtomicU64::new(NO_BATCH) }
    }

    async fn apply_to_tree(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), BinaryError> {
        // A commit before the batch is written must not confirm an earlier batch.
        self.batch_id.store(NO_BATCH, Ordering::Release);
        let incoming = self.state.event_table.read(events)?;
        let mut batch = self.state.tree_store.begin(c).await?;
        apply_events(c, &mut batch, incoming, &self.state.event_table, self.state.ctx.now()).await?;
        let batch_id = batch.save(c).await?;
        self.batch_id.store(batch_id, Ordering::Release);
        Ok(())
    }
}

#[async_trait::async_trait]
impl EventHandler for TreeWriter {
    fn types(&self) -> Vec<String> {
        self.state.event_table.types()
    }

    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        Ok(self.apply_to_tree(c, events).await?)
    }

    async fn committed(&self) {
        self.state.tree_store.confirm_commit(self.batch_id.load(Ordering::Acquire)).await;
    }
}

#[cfg(test)]
mod tests {
    use testkit::subscriptions;

    #[test]
    fn the_table_has_a_line_for_each_subscribed_type() {
        subscriptions::assert_complete("binary", super::table().types());
    }
}
