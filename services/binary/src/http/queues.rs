//! Number of plan versions that wait to take effect.

use crate::state::BinaryState;
use crate::store::plans;
use actix_web::web;
use domain::{PlanVersion, Timestamp};
use http_api::{Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

const MAX_COUNT: usize = 1_000;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct QueueCountsView {
    items: Vec<QueueCountView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct QueueCountView {
    queue: &'static str,
    /// At most 1000.
    count: usize,
    /// Whether there are more than 1000.
    is_capped: bool,
    /// Since when the oldest waits; null for an empty queue.
    oldest_at: Option<Timestamp>,
}

/// Number of plan versions that wait to take effect.
///
/// Queue `plans.scheduled`; a version waits from its publication on.
#[operation]
pub(super) async fn count(state: web::Data<BinaryState>) -> Result<Json<QueueCountsView>, Problem> {
    let now = state.ctx.now();
    let mut c = state.ctx.db().read().await?;
    let (count, oldest) = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let versions = tree_state.tree.plans().versions();
        let scheduled = || versions.iter().filter(|version: &&PlanVersion| version.effective_from > now);
        (scheduled().count(), scheduled().next().map(|version| i64::from(version.version)))
    };
    let row = match oldest {
        Some(version) => plans::find(&mut c, version).await?,
        None => None,
    };
    let scheduled = QueueCountView {
        queue: "plans.scheduled",
        count: count.min(MAX_COUNT),
        is_capped: count > MAX_COUNT,
        oldest_at: row.map(|row| row.published_at),
    };
    Ok(Json::new(QueueCountsView { items: vec![scheduled] }))
}
