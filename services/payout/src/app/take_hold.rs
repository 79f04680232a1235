//! The wallet's decisions about whether the money is there.

use super::advance;
use crate::domain::payout::{Command, hold_refusal};
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::{PayoutId, Timestamp};
use std::collections::BTreeMap;

/// What the wallet decided about one payout.
#[derive(Debug, Clone)]
pub struct HoldDecision {
    pub payout_id: PayoutId,
    pub placed: bool,
    pub reason: String,
    pub at: Timestamp,
}

/// Each payout becomes pending, or is rejected because the wallet refused the hold. All are locked, and those that
/// changed are saved, in one statement each.
pub async fn take_holds(c: &mut DbConnection, decisions: &[HoldDecision]) -> Result<(), PayoutError> {
    let ids: Vec<PayoutId> = decisions.iter().map(|decision| decision.payout_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let locked = payouts::lock_all(c, &ids).await?;
    let mut by_id: BTreeMap<PayoutId, (Payout, bool)> = locked.into_iter().map(|p| (p.id, (p, false))).collect();
    for decision in decisions {
        let id = decision.payout_id;
        let (payout, has_changed) = by_id.get_mut(&id).ok_or(PayoutError::UnknownPayout(id))?;
        let command = if decision.placed { Command::Hold } else { Command::RefuseHold };
        let note = |payout: &mut Payout| {
            if !decision.placed {
                hold_refusal(&decision.reason).clone_into(&mut payout.reason);
            }
        };
        *has_changed |= advance::decide_and_tell(c, payout, command, decision.at, note).await?;
    }
    let changed: Vec<Payout> = by_id.into_values().filter_map(|(payout, changed)| changed.then_some(payout)).collect();
    Ok(payouts::save_decided(c, &changed).await?)
}
