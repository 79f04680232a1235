//! AsyncAPI 3 document of all events: a channel for each routing key, the operations of publisher and subscribers, and
//! JSON schemas of envelope and messages.

use crate::page::{comment, one_line, parts_of_messages};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use proto_events::sealed_fields::SEALED_FIELDS;
use proto_events::subscriptions::SUBSCRIPTIONS;
use serde_json::{Map, Value, json};

/// Field number of `message_type` in a file descriptor.
const MESSAGE_TYPE: i32 = 4;
/// Field number of `field` in the descriptor of a message.
const FIELD: i32 = 2;

const DESCRIPTION: &str = "Events between the services. Each is a CloudEvent in the binary binding for AMQP, and its \
    data is a Protobuf message. A schema names the fields of that message, with their numbers as `x-field-number`. \
    Amounts are paise, times are microseconds since 1970, ids are the 16 bytes of a UUID. An event may arrive more \
    than once and in any order: its `id` is the same in every delivery. Values marked with `x-sealed-for` are \
    encrypted. Fields are only added.";

/// One message of a contract.
struct Message<'a> {
    name: String,
    service: &'a str,
    file: &'a FileDescriptorProto,
    index: i32,
    descriptor: &'a DescriptorProto,
}

/// The document.
pub(crate) fn render(set: &FileDescriptorSet) -> Value {
    let messages = messages(set);
    let parts = parts_of_messages(set);
    let events: Vec<&Message<'_>> = messages.iter().filter(|message| !parts.contains(&message.name)).collect();
    let mut schemas: Map<String, Value> =
        messages.iter().map(|message| (message.name.clone(), schema(message, &messages))).collect();
    schemas.insert("CloudEvent".to_owned(), cloud_event());
    let channels: Map<String, Value> = events.iter().map(|event| channel(event)).collect();
    let texts: Map<String, Value> = events.iter().map(|event| message(event)).collect();
    let operations: Map<String, Value> = events.iter().flat_map(|event| operations(event)).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "EV Distribution Platform: events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "contact": { "name": "EV Distribution Platform" },
        },
        "defaultContentType": "application/protobuf",
        "channels": channels,
        "operations": operations,
        "components": { "messages": texts, "schemas": schemas },
    })
}

fn messages(set: &FileDescriptorSet) -> Vec<Message<'_>> {
    let mut messages = Vec::new();
    for file in &set.file {
        let service = file.package().split('.').next().unwrap_or_default();
        for (index, descriptor) in (0..).zip(&file.message_type) {
            let name = format!("{}.{}", file.package(), descriptor.name());
            messages.push(Message { name, service, file, index, descriptor });
        }
    }
    messages
}

/// Services whose queue receives the event.
fn subscribers(event: &str) -> Vec<&'static str> {
    SUBSCRIPTIONS.iter().filter(|s| s.types.contains(&event)).map(|s| s.service).collect()
}

/// A name of the document without the characters that only names of schemas may have.
fn key(event: &str) -> String {
    event.replace('.', "_")
}

fn channel(event: &Message<'_>) -> (String, Value) {
    let exchange = json!({ "name": "ev.events", "type": "topic", "durable": true, "autoDelete": false, "vhost": "/" });
    let channel = json!({
        "address": event.name,
        "title": event.descriptor.name(),
        "description": format!("The routing key of the topic exchange, published by {}.", event.service),
        "messages": { event.descriptor.name(): { "$ref": format!("#/components/messages/{}", key(&event.name)) } },
        "bindings": { "amqp": { "is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0" } },
        "x-publisher": event.service,
        "x-subscribers": subscribers(&event.name),
    });
    (key(&event.name), channel)
}

fn message(event: &Message<'_>) -> (String, Value) {
    let meaning = comment(event.file, &[MESSAGE_TYPE, event.index]).map(|text| one_line(&text)).unwrap_or_default();
    let sealed: Vec<&str> =
        SEALED_FIELDS.iter().filter(|field| field.event_type == event.name).map(|field| field.purpose).collect();
    let message = json!({
        "name": event.name,
        "title": event.descriptor.name(),
        "summary": meaning,
        "contentType": "application/protobuf",
        "headers": { "$ref": "#/components/schemas/CloudEvent" },
        "payload": { "$ref": format!("#/components/schemas/{}", event.name) },
        "x-sealed-for": sealed,
    });
    (key(&event.name), message)
}

fn operations(event: &Message<'_>) -> Vec<(String, Value)> {
    let key = key(&event.name);
    let operation = |service: &str, action: &str| {
        json!({
            "action": action,
            "title": format!("{service} {action}s {}", event.name),
            "channel": { "$ref": format!("#/channels/{key}") },
            "x-service": service,
        })
    };
    let sent = (format!("{}_sends_{key}", event.service), operation(event.service, "send"));
    let receive = |service: &&str| (format!("{service}_receives_{key}"), operation(service, "receive"));
    std::iter::once(sent).chain(subscribers(&event.name).iter().map(receive)).collect()
}

/// What the value of a field is sealed for, in whichever event carries the message.
fn sealed_for(message: &str, field: i32, messages: &[Message<'_>]) -> Option<&'static str> {
    let ends_here = |sealed: &&proto_events::sealed_fields::SealedField| {
        let mut at = sealed.event_type.to_owned();
        let Some((last, above)) = sealed.path.split_last() else { return false };
        for number in above {
            let found = messages.iter().find(|m| m.name == at).and_then(|m| {
                let is_numbered = |f: &&FieldDescriptorProto| u32::try_from(f.number()) == Ok(*number);
                m.descriptor.field.iter().find(is_numbered)
            });
            at = found.map(|f| f.type_name().trim_start_matches('.').to_owned()).unwrap_or_default();
        }
        at == message && u32::try_from(field) == Ok(*last)
    };
    SEALED_FIELDS.iter().find(ends_here).map(|sealed| sealed.purpose)
}

fn schema(message: &Message<'_>, messages: &[Message<'_>]) -> Value {
    let mut properties = Map::new();
    for (index, field) in (0..).zip(&message.descriptor.field) {
        let mut schema = if field.label() == Label::Repeated {
            json!({ "type": "array", "items": type_of(field) })
        } else {
            type_of(field)
        };
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("x-field-number".to_owned(), field.number().into());
            if field.proto3_optional() {
                schema.insert("x-optional".to_owned(), true.into());
            }
            if let Some(purpose) = sealed_for(&message.name, field.number(), messages) {
                schema.insert("x-sealed-for".to_owned(), purpose.into());
            }
            if let Some(text) = comment(message.file, &[MESSAGE_TYPE, message.index, FIELD, index]) {
                schema.insert("description".to_owned(), one_line(&text).into());
            }
        }
        properties.insert(field.name().to_owned(), schema);
    }
    let mut schema = json!({ "type": "object", "title": message.descriptor.name(), "properties": properties });
    if let (Some(schema), Some(text)) = (schema.as_object_mut(), comment(message.file, &[MESSAGE_TYPE, message.index]))
    {
        schema.insert("description".to_owned(), one_line(&text).into());
    }
    schema
}

fn type_of(field: &FieldDescriptorProto) -> Value {
    match field.r#type() {
        Type::Message => {
            let part = field.type_name().trim_start_matches('.');
            json!({ "allOf": [{ "$ref": format!("#/components/schemas/{part}") }] })
        }
        Type::Bytes => json!({ "type": "string", "format": "byte" }),
        Type::String => json!({ "type": "string" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Uint32 => json!({ "type": "integer", "format": "uint32", "minimum": 0 }),
        Type::Uint64 => json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
        Type::Int32 => json!({ "type": "integer", "format": "int32" }),
        Type::Int64 => json!({ "type": "integer", "format": "int64" }),
        other @ (Type::Double
        | Type::Float
        | Type::Fixed32
        | Type::Fixed64
        | Type::Sfixed32
        | Type::Sfixed64
        | Type::Sint32
        | Type::Sint64
        | Type::Group
        | Type::Enum) => panic!("{}: name the JSON type of {other:?}", field.name()),
    }
}

/// The headers of every message.
fn cloud_event() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "title": "CloudEvent",
        "description": "Attributes of CloudEvents 1.0 and two extensions, as headers of the AMQP message.",
        "required": ["cloudEvents:specversion", "cloudEvents:id", "cloudEvents:source", "cloudEvents:type",
            "cloudEvents:time"],
        "properties": {
            "cloudEvents:specversion": { "type": "string", "const": "1.0" },
            "cloudEvents:id": { "type": "string", "format": "uuid",
                "description": "The same in every delivery of the event." },
            "cloudEvents:source": text("The publishing service."),
            "cloudEvents:type": text("The full name of the message, which is the routing key."),
            "cloudEvents:time": { "type": "string", "format": "date-time" },
            "cloudEvents:subject": text("Id of the entity that the event is about."),
            "cloudEvents:position": { "type": "integer", "format": "int64",
                "description": "Position in the outbox of the publisher." },
            "traceparent": text("W3C trace context of the cause; absent where there is none."),
        },
    })
}
