//! Scheduled jobs of the reports service.

use crate::app::rebuild::rebuild;
use crate::search::Search;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use std::sync::Arc;
use std::time::Duration;

/// Bounds how long rollups stay wrong when, during an upgrade, an older instance stores facts without updating them.
const REBUILD_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);

/// After what time a change is found.
const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

/// Jobs for the scheduler.
pub(crate) fn all(search: &Arc<Search>) -> Vec<Job> {
    let search = Arc::clone(search);
    let follow = move |ctx: Ctx| {
        let search = Arc::clone(&search);
        async move { search.follow(&ctx).await }
    };
    vec![
        Job::every("rebuild_rollups", REBUILD_INTERVAL, rebuild_rollups),
        Job::in_all_instances("search_index", SEARCH_INTERVAL, follow),
    ]
}

/// Rebuilds the rollups and logs an error when any differed.
async fn rebuild_rollups(ctx: Ctx) -> Result<(), JobError> {
    let corrected = ctx.tx(async |c| Ok::<_, db::DbError>(rebuild(c).await?)).await?;
    if corrected > 0 {
        tracing::error!(service = ctx.service(), corrected, "rollups differed from the facts and were rebuilt");
    }
    Ok(())
}
