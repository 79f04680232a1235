//! Event envelope: CloudEvents 1.0 attributes around one Protobuf message.

use prost::{Message, Name};

/// A message that can be published. Its full name is the event type and the routing key.
pub trait Event: Message + Name + Default {
    /// The message's full name, like `booking.v1.PaymentCompleted`.
    fn event_type() -> String {
        <Self as Name>::full_name()
    }
}
impl<M: Message + Name + Default> Event for M {}

/// An event on the bus: CloudEvents 1.0 attributes, two extensions, and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// CloudEvents `id`, the same in every delivery of the event.
    pub id: [u8; 16],
    /// CloudEvents `source`: the publishing service.
    pub source: String,
    /// CloudEvents `type`.
    pub event_type: String,
    /// CloudEvents `time`, as microseconds since 1970.
    pub time_micros: i64,
    /// CloudEvents `subject`: id of the entity that the event is about.
    pub subject: String,
    /// Position in the publisher's outbox.
    pub position: i64,
    /// W3C trace context of the causing request or event; empty where there is none.
    pub traceparent: String,
    /// The Protobuf message.
    pub data: Vec<u8>,
}

/// Error of decoding an event's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Type of the event.
    pub event_type: String,
    /// Message of the decoder.
    pub reason: String,
}
impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be decoded: {}", self.event_type, self.reason)
    }
}
impl std::error::Error for DecodeError {}

impl Envelope {
    /// Whether the event is of type `M`.
    pub fn is<M: Event>(&self) -> bool {
        self.event_type == M::event_type()
    }
    /// Decodes the message as an `M`. Errors when the bytes are not valid Protobuf.
    pub fn decode<M: Event>(&self) -> Result<M, DecodeError> {
        M::decode(self.data.as_slice())
            .map_err(|e| DecodeError { event_type: self.event_type.clone(), reason: e.to_string() })
    }
}
