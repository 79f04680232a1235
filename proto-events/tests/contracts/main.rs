//! The published contracts: `contracts.txt` lists their fields, to which are only added, and `README.md` the events.
//!
//! They, and the AsyncAPI document that the gateway serves, are written by `EV_UPDATE=1 cargo test -p proto-events`, and compared without the variable.

#![expect(clippy::expect_used, reason = "a failing test panics")]

mod asyncapi;
mod page;
mod releases;

use prost_types::{FileDescriptorSet, field_descriptor_proto as field};
use proto_events::{DESCRIPTORS, prost::Message, sealed_fields::SEALED_FIELDS, subscriptions::SUBSCRIPTIONS};
use std::collections::BTreeSet;
use std::path::Path;

fn descriptors() -> FileDescriptorSet {
    FileDescriptorSet::decode(DESCRIPTORS).expect("descriptors")
}

/// Compares a file of this crate with what it has to contain, or writes it.
fn compare_or_update(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("EV_UPDATE").is_some() {
        std::fs::write(&path, expected).expect("a file that can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == expected, "{file} is outdated; run: EV_UPDATE=1 cargo test -p proto-events");
}

fn contract_lines() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for file in &descriptors().file {
        for message in &file.message_type {
            let name = format!("{}.{}", file.package(), message.name());
            lines.insert(name.clone());
            for f in &message.field {
                let kind = if f.r#type() == field::Type::Message {
                    f.type_name().trim_start_matches('.').to_owned()
                } else {
                    f.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase()
                };
                let repeated = if f.label() == field::Label::Repeated { " repeated" } else { "" };
                lines.insert(format!("{name} {} = {}{repeated} {kind}", f.name(), f.number()));
            }
        }
    }
    lines
}

#[test]
fn no_published_field_is_changed_or_removed() {
    let now = contract_lines();
    let before: BTreeSet<String> = include_str!("../../contracts.txt").lines().map(str::to_owned).collect();
    let missing: Vec<_> = before.difference(&now).collect();
    assert!(missing.is_empty(), "published fields are missing: {missing:#?}");
    let lines: Vec<String> = now.into_iter().collect();
    compare_or_update("contracts.txt", &(lines.join("\n") + "\n"));
}

#[test]
fn every_sealed_field_of_an_event_is_listed() {
    let descriptors = descriptors();
    let messages: std::collections::BTreeMap<String, _> = descriptors
        .file
        .iter()
        .flat_map(|file| file.message_type.iter().map(move |m| (format!("{}.{}", file.package(), m.name()), m)))
        .collect();
    let events: BTreeSet<&str> = SUBSCRIPTIONS.iter().flat_map(|s| s.types.iter().copied()).collect();
    let mut found = BTreeSet::new();
    for event in events {
        let mut open = vec![(event.to_owned(), Vec::new())];
        while let Some((name, path)) = open.pop() {
            for f in messages.get(&name).map(|m| m.field.as_slice()).unwrap_or_default() {
                let number = u32::try_from(f.number()).expect("a field number");
                let path: Vec<u32> = path.iter().copied().chain([number]).collect();
                if f.r#type() == field::Type::Message {
                    open.push((f.type_name().trim_start_matches('.').to_owned(), path));
                } else if f.name().ends_with("_sealed") {
                    found.insert((event.to_owned(), path));
                }
            }
        }
    }
    let listed: BTreeSet<_> =
        SEALED_FIELDS.iter().map(|field| (field.event_type.to_owned(), field.path.to_vec())).collect();
    assert_eq!(found, listed);
}

#[test]
fn the_page_of_events_is_up_to_date() {
    compare_or_update("README.md", &page::render(&descriptors()));
}

#[test]
fn the_document_of_events_is_up_to_date() {
    let document = serde_json::to_string_pretty(&asyncapi::render(&descriptors())).expect("JSON");
    compare_or_update("../deploy/nginx/docs/asyncapi.json", &(document + "\n"));
}

#[test]
fn the_document_of_events_marks_every_sealed_field() {
    let document = asyncapi::render(&descriptors());
    let schemas = document.pointer("/components/schemas").and_then(|schemas| schemas.as_object()).expect("schemas");
    let mut marked = BTreeSet::new();
    for (message, schema) in schemas {
        for (field, schema) in schema.get("properties").and_then(|fields| fields.as_object()).expect("fields") {
            let is_marked = schema.get("x-sealed-for").is_some();
            assert_eq!(is_marked, field.ends_with("_sealed"), "{message} {field}");
            marked.extend(is_marked.then(|| format!("{message} {field}")));
        }
    }
    assert_eq!(marked.len(), 3, "{marked:?}");
}

#[test]
fn every_channel_of_the_document_lists_its_subscribers() {
    let document = asyncapi::render(&descriptors());
    let channels = document.get("channels").and_then(|channels| channels.as_object()).expect("channels");
    let listed: usize = channels
        .values()
        .filter_map(|channel| channel.get("x-subscribers").and_then(|services| services.as_array()))
        .map(Vec::len)
        .sum();
    assert_eq!(listed, SUBSCRIPTIONS.iter().map(|subscription| subscription.types.len()).sum::<usize>());
}

#[test]
fn every_subscription_names_existing_event_types_once() {
    let contracts = contract_lines();
    for subscription in SUBSCRIPTIONS {
        let unique: BTreeSet<_> = subscription.types.iter().collect();
        assert_eq!(unique.len(), subscription.types.len(), "{}", subscription.service);
        for event_type in subscription.types {
            assert!(
                contracts.contains(*event_type),
                "{} subscribes to the unknown type {event_type}",
                subscription.service
            );
        }
    }
}
