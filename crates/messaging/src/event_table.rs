//! The table of a service's events: which types it handles, and how each is read into a batch.

use crate::HandleError;
use proto_events::{Envelope, Event};
use std::collections::BTreeMap;

type Read<B> = Box<dyn Fn(&mut B, &Envelope) -> Result<(), HandleError> + Send + Sync>;

/// Reads events into a batch `B`, each by the function of its type.
///
/// The consumer loop defers an event of a type without a line.
pub struct EventTable<B>(BTreeMap<String, Read<B>>);

impl<B> Default for EventTable<B> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<B: Default> EventTable<B> {
    /// Reads events of type `M` into the batch by `read`.
    #[must_use]
    pub fn on<M: Event>(self, read: impl Fn(&mut B, M) -> Result<(), HandleError> + Send + Sync + 'static) -> Self {
        self.on_envelope::<M>(move |batch, event, _| read(batch, event))
    }

    /// As [`EventTable::on`], for a service that also needs the envelope: the event's id or time, or all of it to store
    /// an event that has to wait.
    #[must_use]
    pub fn on_envelope<M: Event>(
        mut self,
        read: impl Fn(&mut B, M, &Envelope) -> Result<(), HandleError> + Send + Sync + 'static,
    ) -> Self {
        let read: Read<B> = Box::new(move |batch, envelope| read(batch, envelope.decode()?, envelope));
        self.0.insert(M::event_type(), read);
        self
    }

    /// The types of the table.
    pub fn types(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Whether [`EventTable::read`] reads this event.
    pub fn is_readable(&self, event: &Envelope) -> bool {
        self.read(std::slice::from_ref(event)).is_ok()
    }

    /// Reads events, delivered or released from waiting. Errors for a type without a line, and for an event that cannot
    /// be decoded.
    pub fn read(&self, events: &[Envelope]) -> Result<B, HandleError> {
        let mut batch = B::default();
        for event in events {
            let Some(read) = self.0.get(&event.event_type) else {
                return Err(HandleError::unsupported(format!("no handler for events of type {}", event.event_type)));
            };
            read(&mut batch, event)?;
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::binary::v1::PlacementMade;

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
    fn a_batch_holds_what_its_events_say_and_an_unknown_type_is_unsupported() {
        let table = EventTable::default().on::<PlacementMade>(|batch: &mut Vec<u32>, placed| {
            batch.push(placed.depth);
            Ok(())
        });
        assert_eq!(table.types(), ["binary.v1.PlacementMade"]);
        let placed = |depth| envelope(&PlacementMade { depth, ..PlacementMade::default() });
        assert!(matches!(table.read(&[placed(1), placed(2)]), Ok(batch) if batch == [1, 2]));
        let unknown = envelope(&SessionRevoked::default());
        assert!(!table.is_readable(&unknown) && table.is_readable(&placed(1)));
        assert!(matches!(table.read(&[placed(1), unknown]), Err(HandleError::Unsupported(_))));
        let damaged = Envelope { data: vec![0xff], ..placed(1) };
        assert!(matches!(table.read(&[damaged]), Err(HandleError::Poison(_))));
    }
}
