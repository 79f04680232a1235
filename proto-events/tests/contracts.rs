//! Compatibility of the event contracts: fields are only added. `contracts.txt` lists the published fields.

#![expect(clippy::expect_used, reason = "a failing test panics")]

use prost_types::{FileDescriptorSet, field_descriptor_proto as field};
use proto_events::{DESCRIPTORS, prost::Message, subscriptions::SUBSCRIPTIONS};
use std::collections::BTreeSet;

fn contract_lines() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(DESCRIPTORS).expect("descriptors");
    let mut lines = BTreeSet::new();
    for file in &set.file {
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
    let before: BTreeSet<String> = include_str!("../contracts.txt").lines().map(str::to_owned).collect();
    let missing: Vec<_> = before.difference(&now).collect();
    assert!(missing.is_empty(), "published fields are missing: {missing:#?}");
    let added: Vec<_> = now.difference(&before).cloned().collect();
    assert!(added.is_empty(), "add these lines to contracts.txt:\n{}", added.join("\n"));
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
