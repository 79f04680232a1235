//! What the bank did: paid, did not pay, or gave back what it had paid.

use super::advance::{self, Done, carry_out};
use crate::domain::bank_file::Settlement;
use crate::domain::payout::Command;
use crate::error::PayoutError;
use crate::store::payouts::Payout;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// Records the outcome of a payout's transfer.
pub async fn settle(
    c: &mut DbConnection,
    id: PayoutId,
    outcome: &Settlement,
    now: Timestamp,
) -> Result<Done, PayoutError> {
    let payout = advance::lock(c, id).await?;
    settle_locked(c, payout, outcome, now).await
}

/// The same for a payout that is locked already.
pub(super) async fn settle_locked(
    c: &mut DbConnection,
    payout: Payout,
    outcome: &Settlement,
    now: Timestamp,
) -> Result<Done, PayoutError> {
    match outcome {
        Settlement::Paid { utr } => {
            carry_out(c, payout, Command::Pay { utr }, now, |payout| utr.clone_into(&mut payout.utr)).await
        }
        Settlement::Failed { reason } => {
            carry_out(c, payout, Command::Fail { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
        }
    }
}

/// The bank gave back what it had paid.
pub async fn take_back(c: &mut DbConnection, id: PayoutId, reason: &str, now: Timestamp) -> Result<Done, PayoutError> {
    let payout = advance::lock(c, id).await?;
    carry_out(c, payout, Command::Return { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
}
