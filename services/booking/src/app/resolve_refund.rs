//! Manual resolution of refunds with an unknown outcome: one member of staff proposes, another one approves.

use super::advance_refund;
use crate::domain::RefundId;
use crate::domain::refund::{RefundSignal, Resolution};
use crate::error::BookingError;
use crate::store::gateway_refunds;
use crate::store::refunds::{self, Refund};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// A proposed resolution and its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolutionProposal {
    pub resolution: Resolution,
    pub reference: Option<String>,
    pub reason: String,
    pub by: UserId,
}

/// Effect of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveOutcome {
    /// Stored, for another member of staff to approve.
    Proposed,
    /// Approved and executed.
    Executed,
    /// The same proposal was stored or executed before.
    Unchanged,
}

/// Whether the refund is resolved as proposed already.
fn is_resolved_as(refund: &Refund, proposal: &ResolutionProposal) -> bool {
    let is_executed = match proposal.resolution {
        Resolution::Refunded => refund.confirmed_paise.is_positive(),
        Resolution::Failed => refund.refused,
    };
    is_executed
        && refund.proposed_resolution == Some(proposal.resolution)
        && refund.proposed_reference == proposal.reference
}

/// Stores a proposal, or executes the stored one when another member of staff repeats it. Errors with
/// `RefundNotResolvable` when the outcome is known or not unknown for long enough, and with `RefundProposalDiffers`
/// when another member of staff has proposed something else.
pub async fn resolve(
    c: &mut DbConnection,
    id: RefundId,
    proposal: &ResolutionProposal,
    now: Timestamp,
) -> Result<ResolveOutcome, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    if is_resolved_as(&refund, proposal) {
        return Ok(ResolveOutcome::Unchanged);
    }
    let (gateway_payment_id, payer) = advance_refund::load_payer(c, &refund).await?;
    let rows = gateway_refunds::lock_for_payment(c, payer.gateway, &gateway_payment_id).await?;
    if !advance_refund::is_resolvable(&refund, &rows, now) {
        return Err(BookingError::RefundNotResolvable);
    }
    let is_same =
        refund.proposed_resolution == Some(proposal.resolution) && refund.proposed_reference == proposal.reference;
    match refund.proposed_by {
        Some(first) if first != proposal.by && !is_same => return Err(BookingError::RefundProposalDiffers),
        Some(first) if first != proposal.by => {}
        Some(_) if is_same => return Ok(ResolveOutcome::Unchanged),
        Some(_) | None => {
            refund.proposed_resolution = Some(proposal.resolution);
            refund.proposed_reference.clone_from(&proposal.reference);
            refund.proposed_reason = Some(proposal.reason.clone());
            refund.proposed_by = Some(proposal.by);
            refund.proposed_at = Some(now);
            refunds::save(c, &refund).await?;
            return Ok(ResolveOutcome::Proposed);
        }
    }
    let signal = RefundSignal::Resolved(proposal.resolution);
    advance_refund::apply_signal(c, &mut refund, rows, &signal, &payer, now).await?;
    Ok(ResolveOutcome::Executed)
}
