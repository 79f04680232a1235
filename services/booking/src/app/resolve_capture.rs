//! Resolution by staff of a capture of an unknown order: a payment gets it, or a member's wallet.

use super::apply_gateway_refund::{credited_payer, reconcile_returned};
use super::buyer_session::BuyerSession;
use super::capture_return::return_id;
use super::outgoing_events;
use super::receive_capture::apply_capture;
use crate::domain::aggregate::{BookingEvent, PaymentReturned};
use crate::domain::capture::{AssignedPayment, check_assignable, check_resolvable};
use crate::domain::{CaptureOutcome, GatewayName, ReturnCause};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::{members, payments};
use db::DbConnection;
use domain::{Money, PaymentId, Timestamp, UserId};

/// What gets the money of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTarget {
    /// A pending payment, as if its order were the one of the capture.
    Payment(PaymentId),
    /// The wallet of a member.
    Wallet(UserId),
}

/// A resolution and its author.
#[derive(Debug, Clone)]
pub struct CaptureResolution {
    pub target: CaptureTarget,
    pub reason: String,
    pub by: UserId,
}

/// Resolves a capture. Errors with `NotFound`, and with `Capture` when the capture is placed already or the payment
/// does not fit.
pub async fn resolve(
    c: &mut DbConnection,
    (gateway, id): (GatewayName, &str),
    resolution: &CaptureResolution,
    now: Timestamp,
) -> Result<Capture, BookingError> {
    let user_id = match resolution.target {
        CaptureTarget::Payment(payment) => {
            assign(c, (gateway, id), payment, now).await?;
            None
        }
        CaptureTarget::Wallet(user_id) => {
            credit(c, (gateway, id), user_id, now).await?;
            Some(user_id)
        }
    };
    let mut capture = captures::lock(c, gateway, id).await?;
    capture.resolved_by = Some(resolution.by);
    capture.resolved_at = Some(now);
    capture.resolution_reason = Some(resolution.reason.clone());
    capture.credited_user_id = user_id;
    captures::set_resolution(c, &capture).await?;
    Ok(capture)
}

/// Locks a capture that staff may resolve, and returns it with its amount less what its gateway refunded before.
async fn lock_resolvable(
    c: &mut DbConnection,
    (gateway, id): (GatewayName, &str),
) -> Result<(Capture, Money), BookingError> {
    let capture = captures::lock(c, gateway, id).await?;
    let amount = capture.amount_paise.minus_or_zero(capture.refunded_paise);
    check_resolvable(capture.outcome, &capture.currency, amount)?;
    Ok((capture, amount))
}

async fn assign(
    c: &mut DbConnection,
    key: (GatewayName, &str),
    id: PaymentId,
    now: Timestamp,
) -> Result<(), BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    // As everywhere, the member is locked first.
    let mut session = BuyerSession::lock_payment(c, &found, now).await?;
    let (capture, amount) = lock_resolvable(c, key).await?;
    let payment = session.payment(id)?;
    let assigned = AssignedPayment { status: payment.status, gateway: payment.gateway, amount: payment.amount_paise };
    check_assignable(&assigned, capture.gateway, amount)?;
    apply_capture(c, &mut session, id, &capture).await?;
    session.finish(c).await
}

async fn credit(
    c: &mut DbConnection,
    key: (GatewayName, &str),
    user_id: UserId,
    now: Timestamp,
) -> Result<(), BookingError> {
    members::lock(c, user_id).await?;
    let (capture, amount) = lock_resolvable(c, key).await?;
    let payer = credited_payer(&capture, user_id);
    let (payment, cause) = (payer.payment.clone(), ReturnCause::NotPayable);
    let returned = PaymentReturned { return_id: return_id(&capture), payment, amount, cause, returned_at: now };
    outgoing_events::publish(c, &[BookingEvent::PaymentReturned(returned)]).await?;
    captures::set_outcome(c, &capture, None, CaptureOutcome::Returned).await?;
    reconcile_returned(c, &payer, &capture, now).await
}
