//! What handlers, consumer and jobs work with.

use crate::app::keeper::Keeper;
use crate::config::Config;
use chassis::Ctx;
use chassis::http::OneAtATime;
use std::sync::Arc;

#[derive(Clone)]
pub struct Binary {
    pub ctx: Ctx,
    pub config: Config,
    pub keeper: Arc<Keeper>,
    /// Replays of the whole journal, each of which holds a tree of its own.
    pub replays: OneAtATime,
}
