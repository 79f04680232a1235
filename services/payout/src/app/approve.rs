//! Approval of a payout by staff. The last approval fixes tax and EMI.

use super::advance::{self, CommandOutcome, Move};
use super::tax;
use crate::domain::instalment::{oldest_unpaid, remaining_after};
use crate::domain::payout::{Command, PayoutStatus, PayoutTransition};
use crate::domain::request::require_no_clawback_due;
use crate::error::PayoutError;
use crate::store::approvals::{self, Approval};
use crate::store::bookings;
use crate::store::members;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::{PayoutId, Timestamp, UserId};

/// Records the approval of `by`. The last required approval fixes the parts of the payout; if tax and EMI use up the
/// whole amount, the payout completes at once. Refuses while a clawback is due from the member.
pub async fn approve(
    c: &mut DbConnection,
    id: PayoutId,
    by: UserId,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    let mut payout = advance::lock(c, id).await?;
    let approved_by: Vec<UserId> = approvals::list(c, &[id]).await?.iter().map(|a| a.approver_id).collect();
    let path = match advance::decide(&payout, &approved_by, Command::Approve { by })? {
        PayoutTransition::Unchanged => return Ok(CommandOutcome { payout, changed: false }),
        PayoutTransition::RecordApproval => None,
        PayoutTransition::Move(path) => Some(path),
    };
    // A clawback may have become due since the request. The row lock waits for wallet events being applied.
    require_no_clawback_due(members::lock(c, payout.user_id).await?.clawback_due_paise)?;
    approvals::insert(c, &Approval { payout_id: id, approver_id: by, approved_at: now }).await?;
    if let Some(path) = path {
        complete_approval(c, &mut payout, path, Move { by: Some(by), at: now }).await?;
    }
    Ok(CommandOutcome { payout, changed: true })
}

async fn complete_approval(
    c: &mut DbConnection,
    payout: &mut Payout,
    path: &[PayoutStatus],
    moved: Move,
) -> Result<(), PayoutError> {
    // The caller holds the lock of the member's row, so two payouts of one member are never approved concurrently.
    let instalment = if payout.emi_autofill {
        let reserved = payouts::sum_emi_reserved_before(c, payout.user_id, Some(payout.id)).await?;
        remaining_after(oldest_unpaid(bookings::lock_due_instalments(c, payout.user_id).await?), reserved)
    } else {
        None
    };
    let (parts, line) = tax::deduct(c, payout, instalment, moved.at).await?;
    payout.tds_paise = parts.tds;
    payout.emi_paise = parts.emi;
    payout.net_paise = parts.net;
    payout.tax_rule_id = line.rule_id;
    advance::transition(c, payout, path, moved).await?;
    if payout.net_paise.is_zero()
        && let PayoutTransition::Move(rest) = advance::decide(payout, &[], Command::Pay { utr: "" })?
    {
        advance::transition(c, payout, rest, moved).await?;
    }
    Ok(payouts::save(c, payout).await?)
}
