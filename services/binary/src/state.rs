//! Application state of handlers, consumer and jobs.

use crate::app::event_reader::IncomingEvents;
use crate::app::tree_store::TreeStore;
use crate::config::Config;
use http_api::OneAtATime;
use messaging::EventTable;
use runtime::Ctx;
use std::sync::Arc;

/// Shared state; cheap to clone.
#[derive(Clone)]
pub struct BinaryState {
    pub ctx: Ctx,
    pub config: Config,
    pub tree_store: Arc<TreeStore>,
    /// Reads incoming events, and those that have waited.
    pub event_table: Arc<EventTable<IncomingEvents>>,
    /// Limits journal replays to one at a time, because each holds a tree of its own.
    pub replays: OneAtATime,
}
