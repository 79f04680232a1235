//! Application state of handlers, consumer and jobs.

use crate::app::event_reader::IncomingEvents;
use crate::app::tree_store::TreeStore;
use crate::config::Config;
use long_tasks::LongTasks;
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
    pub tasks: LongTasks,
}
