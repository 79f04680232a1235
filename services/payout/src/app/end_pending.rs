//! Ends of a pending payout: cancellation by the member, rejection by staff, expiry.

use super::advance::{self, CommandOutcome, execute};
use crate::domain::payout::Command;
use crate::error::PayoutError;
use crate::store::payouts;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// Cancels a pending payout on behalf of its member.
pub async fn cancel(c: &mut DbConnection, id: PayoutId, now: Timestamp) -> Result<CommandOutcome, PayoutError> {
    let payout = advance::lock(c, id).await?;
    execute(c, payout, Command::Cancel, now, |_| ()).await
}

/// Rejects a pending payout on behalf of staff. The member sees `reason`.
pub async fn reject(
    c: &mut DbConnection,
    id: PayoutId,
    reason: &str,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    let payout = advance::lock(c, id).await?;
    execute(c, payout, Command::Reject { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
}

/// Lists payouts that were requested before `before` and are still pending, oldest first.
pub async fn list_undecided(c: &mut DbConnection, before: Timestamp, limit: i64) -> Result<Vec<PayoutId>, PayoutError> {
    Ok(payouts::list_pending_before(c, before, limit).await?)
}

/// Rejects a payout that was not decided within `days`. Returns false if it has been decided meanwhile.
pub async fn expire(c: &mut DbConnection, id: PayoutId, days: i64, now: Timestamp) -> Result<bool, PayoutError> {
    let reason = format!("not decided within {days} days; request it again if you still want it");
    match reject(c, id, &reason, now).await {
        Ok(_) => Ok(true),
        Err(PayoutError::Transition(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
