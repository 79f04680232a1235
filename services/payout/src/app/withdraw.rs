//! A payout that is pending is called off: by the member, by staff, or by time.

use super::advance::{self, Done, carry_out};
use crate::domain::payout::Command;
use crate::error::PayoutError;
use crate::store::payouts;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// By the member.
pub async fn cancel(c: &mut DbConnection, id: PayoutId, now: Timestamp) -> Result<Done, PayoutError> {
    let payout = advance::lock(c, id).await?;
    carry_out(c, payout, Command::Cancel, now, |_| ()).await
}

/// By staff, for a reason the member is shown.
pub async fn reject(c: &mut DbConnection, id: PayoutId, reason: &str, now: Timestamp) -> Result<Done, PayoutError> {
    let payout = advance::lock(c, id).await?;
    carry_out(c, payout, Command::Reject { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
}

/// Payouts that have been pending since before `before`, oldest first.
pub async fn undecided(c: &mut DbConnection, before: Timestamp, limit: i64) -> Result<Vec<PayoutId>, PayoutError> {
    Ok(payouts::pending_since(c, before, limit).await?)
}

/// By time: nobody decided within `days`. False if somebody has by now.
pub async fn expire(c: &mut DbConnection, id: PayoutId, days: i64, now: Timestamp) -> Result<bool, PayoutError> {
    let reason = format!("nobody decided within {days} days; ask again if you still want it");
    match reject(c, id, &reason, now).await {
        Ok(_) => Ok(true),
        Err(PayoutError::Step(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
