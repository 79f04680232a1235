//! Rebuilds the rollups from the facts.

use crate::store::{rollups, sums};
use db::DbConnection;
use diesel::QueryResult;

/// Raised when what is summed up changes: the next start rebuilds.
const VERSION: i64 = 1;

/// Makes every rollup equal to the sum of its facts, and returns how many were not. Consumers wait meanwhile.
pub async fn rebuild(c: &mut DbConnection) -> QueryResult<usize> {
    rollups::lock(c).await?;
    let rebuilt = sums::all(c).await?;
    let corrected = rollups::replace(c, &rebuilt).await?;
    rollups::set_version(c, VERSION).await?;
    Ok(corrected)
}

/// Rebuilds what no version, or another one, has built.
pub async fn rebuild_once(c: &mut DbConnection) -> QueryResult<()> {
    if rollups::lock(c).await? != VERSION {
        rebuild(c).await?;
    }
    Ok(())
}
