//! Consumers of the binary service: members, payments, refunds and business days, applied to the tree in batches.

use crate::app::apply_events::apply_events;
use crate::app::event_reader::IncomingEvents;
use crate::app::tree_state::NO_BATCH;
use crate::error::BinaryError;
use crate::state::BinaryState;
use db::DbConnection;
use messaging::{ApplyBatch, EventConsumer, HandleError};
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};
use std::sync::atomic::{AtomicU64, Ordering};

/// The event consumer, which changes the tree of `state`.
pub(crate) fn consumer(state: BinaryState) -> EventConsumer<TreeWriter, IncomingEvents> {
    table(TreeWriter { state, batch_id: AtomicU64::new(NO_BATCH) })
}

/// The events that `writer` applies.
fn table<W: ApplyBatch<IncomingEvents>>(writer: W) -> EventConsumer<W, IncomingEvents> {
    EventConsumer::new(writer)
        .on_envelope::<UserRegistered>(|batch, registered, envelope| batch.add_member(registered.user, envelope))
        .on_envelope::<UserUpdated>(|batch, updated, envelope| batch.add_member(updated.user, envelope))
        .on_envelope::<PaymentCompleted>(IncomingEvents::add_payment)
        .on_envelope::<PaymentRefunded>(IncomingEvents::add_refund)
        .on_envelope::<DayStarted>(IncomingEvents::add_day)
}

/// Applies incoming events to the tree.
pub(crate) struct TreeWriter {
    state: BinaryState,
    /// The batch written last and not confirmed yet.
    batch_id: AtomicU64,
}

impl TreeWriter {
    async fn apply_to_tree(&self, c: &mut DbConnection, events: IncomingEvents) -> Result<(), BinaryError> {
        // A commit before the batch is written must not confirm an earlier batch.
        self.batch_id.store(NO_BATCH, Ordering::Release);
        if events.is_empty() {
            return Ok(());
        }
        let mut batch = self.state.tree_store.begin(c).await?;
        apply_events(c, &mut batch, events, self.state.ctx.now()).await?;
        let batch_id = batch.save(c).await?;
        self.batch_id.store(batch_id, Ordering::Release);
        Ok(())
    }
}

#[async_trait::async_trait]
impl ApplyBatch<IncomingEvents> for TreeWriter {
    async fn apply(&self, c: &mut DbConnection, events: IncomingEvents) -> Result<(), HandleError> {
        Ok(self.apply_to_tree(c, events).await?)
    }

    async fn committed(&self) {
        self.state.tree_store.confirm_commit(self.batch_id.load(Ordering::Acquire)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::handler::EventHandler;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::{Event, subscriptions};
    use std::collections::BTreeSet;

    struct NoTree;

    #[async_trait::async_trait]
    impl ApplyBatch<IncomingEvents> for NoTree {
        async fn apply(&self, _: &mut DbConnection, _: IncomingEvents) -> Result<(), HandleError> {
            Ok(())
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_subscribed_type() {
        let mut types: BTreeSet<String> = table(NoTree).types().into_iter().collect();
        // The framework handles this one.
        types.insert(SessionRevoked::event_type());
        let subscribed = subscriptions::for_service("binary").iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(types, subscribed);
    }
}
