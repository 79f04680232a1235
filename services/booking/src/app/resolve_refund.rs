//! Staff say what became of a refund whose outcome the gateway does not tell: one proposes, another carries it out.

use super::settle_refund::{self, Payer};
use crate::domain::RefundId;
use crate::domain::refund::{RefundSignal, Resolution};
use crate::error::BookingError;
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, gateway_refunds, payments};
use db::DbConnection;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub resolution: Resolution,
    pub reference: Option<String>,
    pub reason: String,
    pub by: UserId,
}

/// What a proposal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    Proposed,
    CarriedOut,
    /// It was so already.
    Unchanged,
}

/// Whether the refund was already resolved as proposed.
fn is_resolved_as(refund: &Refund, proposal: &Proposal) -> bool {
    let carried_out = match proposal.resolution {
        Resolution::Refunded => refund.confirmed_paise.is_positive(),
        Resolution::Failed => refund.refused,
    };
    carried_out
        && refund.proposed_resolution == Some(proposal.resolution)
        && refund.proposed_reference == proposal.reference
}

pub async fn resolve(
    c: &mut DbConnection,
    id: RefundId,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Resolved, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    if is_resolved_as(&refund, proposal) {
        return Ok(Resolved::Unchanged);
    }
    let payment = payments::find(c, refund.payment_id).await?.ok_or(BookingError::NotFound)?;
    let broken = || BookingError::Broken(format!("refund {id} has no source"));
    let gateway = payment.gateway.ok_or_else(broken)?;
    let gateway_payment_id = payment.gateway_payment_id.ok_or_else(broken)?;
    let rows = gateway_refunds::lock_of(c, gateway, &gateway_payment_id).await?;
    if !settle_refund::is_resolvable(&refund, &rows, now) {
        return Err(BookingError::RefundNotResolvable);
    }
    let same =
        refund.proposed_resolution == Some(proposal.resolution) && refund.proposed_reference == proposal.reference;
    match refund.proposed_by {
        Some(first) if first != proposal.by && !same => return Err(BookingError::RefundProposalDiffers),
        Some(first) if first != proposal.by => {}
        Some(_) if same => return Ok(Resolved::Unchanged),
        Some(_) | None => {
            refund.proposed_resolution = Some(proposal.resolution);
            refund.proposed_reference.clone_from(&proposal.reference);
            refund.proposed_reason = Some(proposal.reason.clone());
            refund.proposed_by = Some(proposal.by);
            refund.proposed_at = Some(now);
            refunds::save(c, &refund).await?;
            return Ok(Resolved::Proposed);
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
    settle_refund::take(c, &mut refund, rows, &signal, &payer, now).await?;
    Ok(Resolved::CarriedOut)
}
