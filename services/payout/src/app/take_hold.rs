//! The wallet has decided whether the money is there.

use super::advance::{self, carry_out};
use crate::domain::payout::{Command, hold_refusal};
use crate::error::PayoutError;
use db::DbConnection;
use domain::{PayoutId, Timestamp};

/// A payout becomes pending, or is rejected because the wallet refused the hold.
pub async fn take_hold(
    c: &mut DbConnection,
    id: PayoutId,
    placed: bool,
    reason: &str,
    at: Timestamp,
) -> Result<(), PayoutError> {
    let payout = advance::lock(c, id).await?;
    let command = if placed { Command::Hold } else { Command::RefuseHold };
    let note = |payout: &mut crate::store::payouts::Payout| {
        if !placed {
            hold_refusal(reason).clone_into(&mut payout.reason);
        }
    };
    carry_out(c, payout, command, at, note).await.map(drop)
}
