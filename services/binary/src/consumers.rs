//! Consumers of the binary service: members, payments, refunds and business days, applied to the tree in batches.

use crate::app::apply_events::apply_events;
use crate::app::event_reader;
use crate::error::BinaryError;
use crate::state::BinaryState;
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of no batch.
const NO_BATCH: u64 = 0;

/// Applies incoming events to the tree.
pub struct EventConsumer {
    state: BinaryState,
    /// The batch written last and not confirmed yet.
    batch_id: AtomicU64,
}

impl EventConsumer {
    /// A consumer that changes the tree of `state`.
    pub const fn new(state: BinaryState) -> Self {
        Self { state, batch_id: AtomicU64::new(NO_BATCH) }
    }

    async fn apply_batch(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), BinaryError> {
        // A commit before the batch is written must not confirm an earlier batch.
        self.batch_id.store(NO_BATCH, Ordering::Release);
        let mut read_events = Vec::with_capacity(events.len());
        for event in events {
            read_events.extend(event_reader::read(event)?);
        }
        if read_events.is_empty() {
            return Ok(());
        }
        let mut batch = self.state.tree_store.begin(c).await?;
        apply_events(c, &mut batch, read_events, self.state.ctx.now()).await?;
        let batch_id = batch.save(c).await?;
        self.batch_id.store(batch_id, Ordering::Release);
        Ok(())
    }
}

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        Ok(self.apply_batch(c, events).await?)
    }

    async fn committed(&self) {
        self.state.tree_store.confirm_commit(self.batch_id.load(Ordering::Acquire)).await;
    }
}
