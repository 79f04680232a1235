//! Settlement of a payout: paid by the bank, failed, or returned by the bank after payment.

use super::advance::{self, CommandOutcome, execute};
use crate::domain::bank_file::Settlement;
use crate::domain::payout::Command;
use crate::error::PayoutError;
use crate::store::payouts::Payout;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// Records the settlement of a payout's transfer: paid or failed.
pub async fn settle(
    c: &mut DbConnection,
    id: PayoutId,
    outcome: &Settlement,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    let payout = advance::lock(c, id).await?;
    settle_locked(c, payout, outcome, now).await
}

/// Does the same for a payout that the caller has locked.
pub(super) async fn settle_locked(
    c: &mut DbConnection,
    payout: Payout,
    outcome: &Settlement,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    match outcome {
        Settlement::Paid { utr } => {
            execute(c, payout, Command::Pay { utr }, now, |payout| utr.clone_into(&mut payout.utr)).await
        }
        Settlement::Failed { reason } => {
            execute(c, payout, Command::Fail { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
        }
    }
}

/// Records that the bank returned a completed payout, and reverses it.
pub async fn record_return(
    c: &mut DbConnection,
    id: PayoutId,
    reason: &str,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    let payout = advance::lock(c, id).await?;
    execute(c, payout, Command::Return { reason }, now, |payout| reason.clone_into(&mut payout.reason)).await
}
