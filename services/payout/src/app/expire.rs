//! Expiry of payouts that staff have not decided in time.

use super::advance::{self, Move};
use crate::domain::payout::Command;
use crate::error::PayoutError;
use crate::store::payouts;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// Lists payouts that were requested before `before` and are still pending, oldest first.
pub async fn list_undecided(c: &mut DbConnection, before: Timestamp, limit: i64) -> Result<Vec<PayoutId>, PayoutError> {
    Ok(payouts::list_pending_before(c, before, limit).await?)
}

/// Rejects a payout that was not decided within `days`. Returns false if it has been decided meanwhile.
pub async fn expire(c: &mut DbConnection, id: PayoutId, days: i64, now: Timestamp) -> Result<bool, PayoutError> {
    let reason = format!("not decided within {days} days; request it again if you still want it");
    match advance::execute(c, id, Command::Reject { reason: &reason }, Move { by: None, at: now }).await {
        Ok(_) => Ok(true),
        Err(PayoutError::Transition(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
