//! Application state of handlers, consumer and jobs.

use crate::app::tree_store::TreeStore;
use crate::config::Config;
use http_api::OneAtATime;
use runtime::Ctx;
use std::sync::Arc;

/// Shared state; cheap to clone.
#[derive(Clone)]
pub struct BinaryState {
    pub ctx: Ctx,
    pub config: Config,
    pub tree_store: Arc<TreeStore>,
    /// Limits journal replays to one at a time, because each holds a tree of its own.
    pub replays: OneAtATime,
}
