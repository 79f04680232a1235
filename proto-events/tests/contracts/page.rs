//! Page of all events: publisher, subscribers and meaning of each.

use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
use proto_events::subscriptions::SUBSCRIPTIONS;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Field number of `message_type` in a file descriptor, the first part of the path of a message.
const MESSAGE_TYPE: i32 = 4;
/// Field number of `syntax` in a file descriptor.
const SYNTAX: i32 = 12;

const HEAD: &str = "# Events

Every event with its subscribers, from the messages in `proto` and the list in `src/subscriptions.rs`.
`EV_UPDATE=1 cargo test -p proto-events` writes this page.
";

/// The page as Markdown. Panics where an event has no comment.
pub(crate) fn render(set: &FileDescriptorSet) -> String {
    let mut page = HEAD.to_owned();
    let parts = parts_of_messages(set);
    for file in &set.file {
        let package = file.package();
        let publisher = package.split('.').next().unwrap_or(package);
        let head = comment(file, &[SYNTAX]).unwrap_or_default();
        let head = head.split("\n\n").next().unwrap_or_default();
        let _ = write!(page, "\n## {publisher}\n\n{}\n\n| event | to | meaning |\n|---|---|---|\n", one_line(head));
        for (index, message) in (0..).zip(&file.message_type) {
            let event_type = format!("{package}.{}", message.name());
            if parts.contains(&event_type) {
                continue;
            }
            let meaning =
                comment(file, &[MESSAGE_TYPE, index]).unwrap_or_else(|| panic!("{event_type} needs a comment"));
            let _ = writeln!(page, "| `{}` | {} | {} |", message.name(), subscribers(&event_type), one_line(&meaning));
        }
    }
    page
}

/// Types of the messages that are fields of other messages, which makes them no events.
pub(crate) fn parts_of_messages(set: &FileDescriptorSet) -> BTreeSet<String> {
    let fields = |message: &DescriptorProto| {
        message.field.iter().map(|field| field.type_name().trim_start_matches('.').to_owned()).collect::<Vec<_>>()
    };
    set.file.iter().flat_map(|file| &file.message_type).flat_map(fields).collect()
}

fn subscribers(event_type: &str) -> String {
    let services = SUBSCRIPTIONS.iter().filter(|s| s.types.contains(&event_type)).map(|s| s.service);
    services.collect::<Vec<_>>().join(", ")
}

/// The comment before the element at `path`.
pub(crate) fn comment(file: &FileDescriptorProto, path: &[i32]) -> Option<String> {
    let locations = &file.source_code_info.as_ref()?.location;
    locations.iter().find(|location| location.path == path)?.leading_comments.clone()
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
