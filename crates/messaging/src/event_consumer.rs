//! Consumer of a service whose effects follow from the events of a transaction alone.
//!
//! ```no_run
//! # use messaging::{ApplyBatch, EventConsumer, HandleError};
//! # use proto_events::binary::v1::PlacementMade;
//! #[derive(Default)]
//! struct Batch {
//!     placements: Vec<PlacementMade>,
//! }
//!
//! struct State;
//!
//! #[async_trait::async_trait]
//! impl ApplyBatch<Batch> for State {
//!     async fn apply(&self, _: &mut db::DbConnection, _: Batch) -> Result<(), HandleError> {
//!         Ok(()) // a few statements for all placements
//!     }
//! }
//!
//! fn consumer(state: State) -> EventConsumer<State, Batch> {
//!     EventConsumer::new(state).on::<PlacementMade>(|batch, placed| {
//!         batch.placements.push(placed);
//!         Ok(())
//!     })
//! }
//! ```

use crate::HandleError;
use crate::event_table::EventTable;
use crate::handler::EventHandler;
use db::DbConnection;
use proto_events::{Envelope, Event};

/// Applies what a batch of events holds, as a set.
#[async_trait::async_trait]
pub trait ApplyBatch<B>: Send + Sync + 'static {
    /// Applies `batch` within the transaction of `c`: a few statements for all events of a type.
    async fn apply(&self, c: &mut DbConnection, batch: B) -> Result<(), HandleError>;

    /// As [`EventHandler::committed`].
    async fn committed(&self) {}
}

/// A service's event consumer: it reads the events of a transaction into a batch `B`, then applies the batch to `S`.
///
/// A service whose events may have to wait reads the released ones by the same table. It implements [`EventHandler`]
/// with an [`EventTable`] of its own.
pub struct EventConsumer<S, B> {
    state: S,
    table: EventTable<B>,
}

impl<S: ApplyBatch<B>, B: Default + Send + 'static> EventConsumer<S, B> {
    /// A consumer without events.
    pub fn new(state: S) -> Self {
        Self { state, table: EventTable::default() }
    }

    /// As [`EventTable::on`].
    #[must_use]
    pub fn on<M: Event>(self, read: impl Fn(&mut B, M) -> Result<(), HandleError> + Send + Sync + 'static) -> Self {
        Self { table: self.table.on(read), ..self }
    }
}

#[async_trait::async_trait]
impl<S: ApplyBatch<B>, B: Default + Send + 'static> EventHandler for EventConsumer<S, B> {
    fn types(&self) -> Vec<String> {
        self.table.types()
    }

    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let batch = self.table.read(events)?;
        self.state.apply(c, batch).await
    }

    async fn committed(&self) {
        self.state.committed().await;
    }
}
