//! An event as an AMQP message: the CloudEvents 1.0 AMQP binding in binary mode.

use crate::decode;
use domain::Timestamp;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use proto_events::Envelope;
use runtime::id;
use uuid::Uuid;

const CONTENT_TYPE: &str = "application/protobuf";
/// Delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// The properties of the message: all attributes of the event except its data.
pub(super) fn properties(event: &Envelope) -> BasicProperties {
    let id = Uuid::from_bytes(event.id).to_string();
    let mut headers = FieldTable::default();
    let mut put = |name: &str, value: &str| {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    };
    put("cloudEvents:specversion", "1.0");
    put("cloudEvents:id", &id);
    put("cloudEvents:source", &event.source);
    put("cloudEvents:type", &event.event_type);
    if let Ok(time) = decode::occurred_at(event) {
        put("cloudEvents:time", &time.to_string());
    }
    put("cloudEvents:subject", &event.subject);
    if !event.traceparent.is_empty() {
        put("traceparent", &event.traceparent);
    }
    headers.insert("cloudEvents:position".into(), AMQPValue::LongLongInt(event.position));
    BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(id.into())
        .with_headers(headers)
}

/// The event id of a message that the platform published.
pub(super) fn id(properties: &BasicProperties) -> [u8; 16] {
    let id = properties.message_id().as_ref().and_then(|id| Uuid::parse_str(id.as_str()).ok());
    *id.unwrap_or_default().as_bytes()
}

/// A time that no event has: it is poison.
const NO_TIME_MICROS: i64 = -1;

/// Characters of a source, and of a type, subject or trace context, in the tables of stored events.
const MAX_SOURCE_CHARS: usize = 32;
const MAX_TEXT_CHARS: usize = 64;

/// The event in a message. A message of another publisher may lack attributes; they get deterministic defaults, so
/// that the event can be handled or parked like any other. Without a time it can only be parked.
pub(super) fn envelope(routing_key: &str, properties: &BasicProperties, data: Vec<u8>) -> Envelope {
    let header = |name: &str| properties.headers().as_ref().and_then(|h| h.inner().get(name));
    let text = |name: &str| match header(name) {
        Some(AMQPValue::LongString(value)) => Some(String::from_utf8_lossy(value.as_bytes()).into_owned()),
        Some(AMQPValue::ShortString(value)) => Some(value.to_string()),
        _ => None,
    };
    let time: Option<Timestamp> = text("cloudEvents:time").and_then(|t| t.parse().ok());
    // A longer text than its column holds could neither be parked nor deferred.
    let bounded = |name: &str, max: usize| text(name).map(|value| value.chars().take(max).collect::<String>());
    let id = text("cloudEvents:id").and_then(|id| Uuid::parse_str(&id).ok());
    Envelope {
        id: *id.unwrap_or_else(|| id::derived(&[b"foreign", routing_key.as_bytes(), &data])).as_bytes(),
        source: bounded("cloudEvents:source", MAX_SOURCE_CHARS).unwrap_or_default(),
        event_type: bounded("cloudEvents:type", MAX_TEXT_CHARS)
            .unwrap_or_else(|| routing_key.chars().take(MAX_TEXT_CHARS).collect()),
        time_micros: time.map_or(NO_TIME_MICROS, Timestamp::micros),
        subject: bounded("cloudEvents:subject", MAX_TEXT_CHARS).unwrap_or_default(),
        position: match header("cloudEvents:position") {
            Some(AMQPValue::LongLongInt(position)) => *position,
            _ => 0,
        },
        traceparent: bounded("traceparent", MAX_TEXT_CHARS).unwrap_or_default(),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_envelope::tests::event;

    #[test]
    fn an_event_is_decoded_as_it_was_encoded() {
        let event = event();
        assert_eq!(envelope("x", &properties(&event), event.data.clone()), event);
        assert_eq!(id(&properties(&event)), event.id);
        let without = Envelope { traceparent: String::new(), subject: String::new(), time_micros: 0, ..event };
        assert_eq!(envelope("x", &properties(&without), without.data.clone()), without);
        for time_micros in [-7, i64::MAX] {
            let untimed = Envelope { time_micros, ..without.clone() };
            let read = envelope("x", &properties(&untimed), untimed.data.clone());
            assert!(decode::occurred_at(&read).is_err(), "{time_micros}");
        }
    }

    #[test]
    fn a_foreign_message_gets_the_same_id_each_time() {
        let read = |data: &[u8]| envelope("wallet.v1.Oddity", &BasicProperties::default(), data.to_vec());
        assert_eq!(read(b"a"), read(b"a"));
        assert_ne!(read(b"a").id, read(b"b").id);
        assert_eq!(read(b"a").event_type, "wallet.v1.Oddity");
        assert!(decode::occurred_at(&read(b"a")).is_err(), "it has no time");
    }

    #[test]
    fn no_attribute_is_longer_than_its_column() {
        let long = || "é".repeat(300);
        let event = Envelope { source: long(), event_type: long(), subject: long(), traceparent: long(), ..event() };
        let read = envelope("x", &properties(&event), Vec::new());
        let chars = |text: &str| text.chars().count();
        let lengths = [&read.source, &read.event_type, &read.subject, &read.traceparent].map(|text| chars(text));
        assert_eq!(lengths, [32, 64, 64, 64]);
        assert_eq!(chars(&envelope(&long(), &BasicProperties::default(), Vec::new()).event_type), 64);
    }
}
