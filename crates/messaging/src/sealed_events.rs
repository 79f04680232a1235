//! The stored events, whose sealed values are sealed again when a key is replaced.

use crate::schema::{deferred_events, outbox, parked, waiting};
use db::rewritable_column;
use db::rewrite::RewritableColumn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// The encoded events in the tables that every service has, labelled with the event type.
pub const COLUMNS: [RewritableColumn; 4] = [
    rewritable_column!(outbox, position as i64, payload as event_type),
    rewritable_column!(parked, event_id as Vec<u8>, payload as event_type),
    rewritable_column!(waiting, event_id as Vec<u8>, payload as event_type),
    rewritable_column!(deferred_events, event_id as Vec<u8>, payload as event_type),
];
