//! The table of a service's events: which types it handles, and how each is read into a batch.
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
use crate::handler::EventHandler;
use db::DbConnection;
use proto_events::{Envelope, Event};
use std::collections::BTreeMap;

/// Applies what a batch of events holds, as a set.
#[async_trait::async_trait]
pub trait ApplyBatch<B>: Send + Sync + 'static {
    /// Applies `batch` within the transaction of `c`: a few statements for all events of a type.
    async fn apply(&self, c: &mut DbConnection, batch: B) -> Result<(), HandleError>;

    /// As [`EventHandler::committed`].
    async fn committed(&self) {}
}

type Read<B> = Box<dyn Fn(&mut B, &Envelope) -> Result<(), HandleError> + Send + Sync>;

/// A service's event consumer: it reads the events of a transaction into a batch `B`, then applies the batch to `S`.
///
/// A type without a line in the table is poison, so that an event which the service is sent and does not know is parked
/// and shown, not lost.
pub struct EventConsumer<S, B> {
    state: S,
    table: BTreeMap<String, Read<B>>,
}

impl<S: ApplyBatch<B>, B: Default + Send + 'static> EventConsumer<S, B> {
    /// A consumer without events.
    pub fn new(state: S) -> Self {
        Self { state, table: BTreeMap::new() }
    }

    /// Reads events of type `M` into the batch by `read`.
    #[must_use]
    pub fn on<M: Event>(self, read: impl Fn(&mut B, M) -> Result<(), HandleError> + Send + Sync + 'static) -> Self {
        self.on_envelope::<M>(move |batch, event, _| read(batch, event))
    }

    /// As [`EventConsumer::on`], for a service that also needs the event's id, time or trace context.
    #[must_use]
    pub fn on_envelope<M: Event>(
        mut self,
        read: impl Fn(&mut B, M, &Envelope) -> Result<(), HandleError> + Send + Sync + 'static,
    ) -> Self {
        let read: Read<B> = Box::new(move |batch, envelope| read(batch, envelope.decode()?, envelope));
        self.table.insert(M::event_type(), read);
        self
    }

    fn read(&self, events: &[Envelope]) -> Result<B, HandleError> {
        let mut batch = B::default();
        for event in events {
            let Some(read) = self.table.get(&event.event_type) else {
                return Err(HandleError::poison(format!("no handler for events of type {}", event.event_type)));
            };
            read(&mut batch, event)?;
        }
        Ok(batch)
    }
}

#[async_trait::async_trait]
impl<S: ApplyBatch<B>, B: Default + Send + 'static> EventHandler for EventConsumer<S, B> {
    fn types(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let batch = self.read(events)?;
        self.state.apply(c, batch).await
    }

    async fn committed(&self) {
        self.state.committed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::binary::v1::PlacementMade;

    struct State;

    #[async_trait::async_trait]
    impl ApplyBatch<Vec<u32>> for State {
        async fn apply(&self, _: &mut DbConnection, _: Vec<u32>) -> Result<(), HandleError> {
            Ok(())
        }
    }

    fn envelope<M: Event>(message: &M) -> Envelope {
        Envelope {
            id: [0; 16],
            source: "binary".to_owned(),
            event_type: M::event_type(),
            time_micros: 0,
            subject: String::new(),
            position: 1,
            traceparent: String::new(),
            data: message.encode_to_vec(),
        }
    }

    #[test]
    fn a_batch_holds_what_its_events_say_and_an_unknown_type_is_poison() {
        let consumer = EventConsumer::new(State).on::<PlacementMade>(|batch: &mut Vec<u32>, placed| {
            batch.push(placed.depth);
            Ok(())
        });
        assert_eq!(consumer.types(), ["binary.v1.PlacementMade"]);
        let placed = |depth| envelope(&PlacementMade { depth, ..PlacementMade::default() });
        assert!(matches!(consumer.read(&[placed(1), placed(2)]), Ok(batch) if batch == [1, 2]));
        let unknown = envelope(&SessionRevoked::default());
        assert!(matches!(consumer.read(&[placed(1), unknown]), Err(HandleError::Poison(_))));
        let damaged = Envelope { data: vec![0xff], ..placed(1) };
        assert!(matches!(consumer.read(&[damaged]), Err(HandleError::Poison(_))));
    }
}
