//! Number of plan versions that wait to take effect.

use crate::state::BinaryState;
use crate::store::plans;
use actix_web::web;
use http_api::{Json, Problem, QueueCount, QueueCounts, operation};

/// Number of plan versions that wait to take effect.
///
/// Queue `plans.scheduled`; a version waits from its publication on.
#[operation]
pub(super) async fn count(state: web::Data<BinaryState>) -> Result<Json<QueueCounts>, Problem> {
    let now = state.ctx.now();
    let mut c = state.ctx.db().read().await?;
    let (count, oldest) = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let plans = tree_state.tree.plans();
        let scheduled = || plans.valid().filter(|version| version.effective_from > now);
        (scheduled().count(), scheduled().next().map(|version| i64::from(version.version)))
    };
    let row = match oldest {
        Some(version) => plans::find(&mut c, version).await?,
        None => None,
    };
    let scheduled = QueueCount::of("plans.scheduled", count, row.map(|row| row.published_at));
    Ok(Json::new(vec![scheduled].into()))
}
