//! A payout that is pending is called off: by the member, or by staff.

use super::advance::{self, Done, carry_out};
use crate::domain::payout::Command;
use crate::error::PayoutError;
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
