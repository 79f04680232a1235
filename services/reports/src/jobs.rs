//! Scheduled work: the rollups are compared with the facts.

use crate::app::rebuild::rebuild;
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

/// A process of an earlier version that still consumes while this one has started stores facts without summing them up.
const REBUILD_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);

pub(crate) fn all() -> Vec<Job> {
    vec![Job::every("rebuild_rollups", REBUILD_INTERVAL, rebuild_rollups)]
}

async fn rebuild_rollups(ctx: Ctx) -> Result<(), HandleError> {
    let corrected = ctx.tx(async |c| Ok::<_, HandleError>(rebuild(c).await?)).await?;
    if corrected > 0 {
        tracing::error!(service = ctx.service(), corrected, "rollups differed from the facts and were rebuilt");
    }
    Ok(())
}
