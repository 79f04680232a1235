//! The payout terms of the compensation plan in force.

use crate::error::PayoutError;
use crate::store::plans;
use db::DbConnection;
use domain::plan::PayoutTerms;
use domain::{Plan, PlanBook, PlanVersion, Timestamp};

/// The terms at `now`, and the version of the plan they are of.
pub async fn terms_at(c: &mut DbConnection, now: Timestamp) -> Result<(u32, PayoutTerms), PayoutError> {
    let mut book = PlanBook::seed();
    for (version, effective_from, json) in plans::list(c).await? {
        let plan: Plan = serde_json::from_str(&json).map_err(PayoutError::StoredPlan)?;
        book.publish(PlanVersion { version: u32::try_from(version).unwrap_or(u32::MAX), effective_from, plan })?;
    }
    let found = book.in_force(now)?;
    Ok((found.version, found.plan.payout.clone()))
}
