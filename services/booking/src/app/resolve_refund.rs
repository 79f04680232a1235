//! Manual resolution of refunds with an unknown outcome: one member of staff proposes, another one approves.

use super::advance_refund::{self, Payer};
use crate::domain::RefundId;
use crate::domain::refund::{RefundSignal, Resolution};
use crate::error::BookingError;
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, gateway_refunds, payments};
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
    let payment = payments::find(c, refund.payment_id).await?.ok_or(BookingError::NotFound)?;
    let inconsistent = || BookingError::Inconsistent(format!("refund {id} has no gateway payment"));
    let gateway = payment.gateway.ok_or_else(inconsistent)?;
    let gateway_payment_id = payment.gateway_payment_id.ok_or_else(inconsistent)?;
    let rows = gateway_refunds::lock_for_payment(c, gateway, &gateway_payment_id).await?;
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
    let booking = bookings::find(c, refund.booking_id).await?.ok_or(BookingError::NotFound)?;
    let payer = Payer {
        gateway,
        payment_id: refund.payment_id,
        booking_id: refund.booking_id,
        user_id: refund.user_id,
        booking_number: booking.number,
    };
    let signal = RefundSignal::Resolved(proposal.resolution);
    advance_refund::apply_signal(c, &mut refund, rows, &signal, &payer, now).await?;
    Ok(ResolveOutcome::Executed)
}
