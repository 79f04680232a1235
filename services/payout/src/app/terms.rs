//! Payout terms of the compensation plan in force.

use crate::error::PayoutError;
use crate::store::plans;
use db::DbConnection;
use domain::plan::PayoutTerms;
use domain::{Plan, Timestamp};

/// Loads the payout terms in force at `now` and the number of their plan version. Errors when the stored plan cannot be
/// parsed.
pub(super) async fn terms_at(c: &mut DbConnection, now: Timestamp) -> Result<(u32, PayoutTerms), PayoutError> {
    Ok(match plans::find_in_force(c, now).await? {
        Some(row) => {
            let in_force = row.parse()?;
            (in_force.version, in_force.plan.payout)
        }
        None => (1, Plan::seed().payout),
    })
}
