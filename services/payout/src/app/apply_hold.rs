//! The wallet's decisions on holds for payouts.

use super::advance::{self, Move, Moves};
use crate::domain::payout::{Command, PayoutTransition, hold_refusal_text};
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::{PayoutId, Timestamp};
use std::collections::BTreeMap;

/// The wallet's decision on the hold for one payout.
#[derive(Debug, Clone)]
pub struct HoldDecision {
    pub payout_id: PayoutId,
    /// Whether the wallet holds the amount.
    pub placed: bool,
    /// Code of the wallet's reason; empty if the hold is placed.
    pub reason: String,
    pub at: Timestamp,
}

/// Makes each payout pending, or rejects it if the wallet refused the hold. A payout that has a decision already does
/// not change. Locks all payouts in one statement, inserts the steps, publishes, and saves the changed payouts in one
/// statement each. Errors with `UnknownPayout`.
pub async fn apply_hold_decisions(c: &mut DbConnection, decisions: &[HoldDecision]) -> Result<(), PayoutError> {
    let ids: Vec<PayoutId> = decisions.iter().map(|decision| decision.payout_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let locked = payouts::lock_many(c, &ids).await?;
    let mut by_id: BTreeMap<PayoutId, (Payout, bool)> = locked.into_iter().map(|p| (p.id, (p, false))).collect();
    let mut moves = Moves::default();
    for decision in decisions {
        let id = decision.payout_id;
        let (payout, has_changed) = by_id.get_mut(&id).ok_or(PayoutError::UnknownPayout(id))?;
        let command = if decision.placed { Command::Hold } else { Command::RefuseHold };
        if let PayoutTransition::Move(path) = advance::decide(payout, &[], command)? {
            if !decision.placed {
                hold_refusal_text(&decision.reason).clone_into(&mut payout.reason);
            }
            // The tax of a payout is not fixed before its approval.
            let moved = Move { by: None, at: decision.at };
            moves.advance(payout, path, None, !decision.placed, moved);
            *has_changed = true;
        }
    }
    let changed: Vec<Payout> = by_id.into_values().filter_map(|(payout, changed)| changed.then_some(payout)).collect();
    moves.save(c).await?;
    Ok(payouts::save_hold_decisions(c, &changed).await?)
}
