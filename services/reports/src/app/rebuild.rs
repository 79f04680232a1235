//! Rebuild of the rollups from the facts.

use crate::store::{fact_sums, rollups};
use db::DbConnection;
use diesel::QueryResult;

/// Version of the rollup rules. Raise it when they change: the next start then rebuilds.
const ROLLUP_VERSION: i64 = 2;

/// Sets every rollup to the sum of its facts and returns how many differed. Holds the lock that consumers need.
pub async fn rebuild(c: &mut DbConnection) -> QueryResult<usize> {
    rollups::lock(c).await?;
    let rebuilt = fact_sums::load_all(c).await?;
    let corrected = rollups::replace(c, &rebuilt).await?;
    rollups::set_version(c, ROLLUP_VERSION).await?;
    Ok(corrected)
}

/// Rebuilds unless the stored rollups have the current version.
pub async fn rebuild_if_outdated(c: &mut DbConnection) -> QueryResult<()> {
    if rollups::lock(c).await? != ROLLUP_VERSION {
        rebuild(c).await?;
    }
    Ok(())
}
