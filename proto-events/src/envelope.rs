//! CloudEvents 1.0 attributes around one Protobuf message.

use prost::{Message, Name};

/// A message that may be published: its full name is the event's type and routing key.
pub trait Event: Message + Name + Default {
    /// `booking.v1.PaymentCompleted`.
    fn event_type() -> String {
        <Self as Name>::full_name()
    }
}
impl<M: Message + Name + Default> Event for M {}

/// One event as it travels: the attributes of CloudEvents 1.0, three extensions, and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// CloudEvents `id`: the same however often the event is delivered.
    pub id: [u8; 16],
    /// CloudEvents `source`: the publishing service.
    pub source: String,
    /// CloudEvents `type`.
    pub event_type: String,
    /// CloudEvents `time`, as microseconds since 1970: when the fact happened.
    pub time_micros: i64,
    /// CloudEvents `subject`: the id of what the event is about.
    pub subject: String,
    /// Place in the publisher's outbox.
    pub position: i64,
    /// W3C trace context of the request or event that caused it; empty when there was none.
    pub traceparent: String,
    /// The Protobuf message.
    pub data: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decode {
    pub event_type: String,
    pub reason: String,
}
impl std::fmt::Display for Decode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be read: {}", self.event_type, self.reason)
    }
}
impl std::error::Error for Decode {}

impl Envelope {
    /// Whether this is an `M`.
    pub fn is<M: Event>(&self) -> bool {
        self.event_type == M::event_type()
    }
    /// The message, read as an `M`.
    pub fn decode<M: Event>(&self) -> Result<M, Decode> {
        M::decode(self.data.as_slice())
            .map_err(|e| Decode { event_type: self.event_type.clone(), reason: e.to_string() })
    }
}
