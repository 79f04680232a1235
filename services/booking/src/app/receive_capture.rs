//! Money captured by a gateway: recorded once, then applied to its payment or returned to the payer's wallet.
//!
//! Messages may be repeated and reordered; a gateway's payment id takes effect once.

use super::apply_gateway_refund;
use super::booking_aggregate::BookingAggregate;
use super::capture_return::return_id;
use super::finish_change::finish_change;
use super::member_lock::{MemberLock, PaymentProof, WalletReturn};
use crate::domain::booking::BookingCommand;
use crate::domain::capture::{CaptureDecision, decide_capture, effective_time, is_acceptable};
use crate::domain::gateway_event::CapturedPayment;
use crate::domain::payment::PaymentCommand;
use crate::domain::reconciliation::first_check;
use crate::domain::{BookingStatus, CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::payments::{self, Payment};
use crate::store::reconciliations;
use db::DbConnection;
use domain::{PaymentId, Timestamp};

/// A capture row that is not matched to a payment yet.
pub(super) fn new_capture(gateway: GatewayName, captured: &CapturedPayment, at: Timestamp) -> Capture {
    Capture {
        gateway,
        gateway_payment_id: captured.gateway_payment_id.clone(),
        order_id: captured.order_id.clone(),
        payment_id: None,
        amount_paise: captured.amount,
        outcome: CaptureOutcome::UnknownOrder,
        captured_at: at,
        currency: captured.currency.clone(),
        refunded_paise: captured.refunded,
        taken_at: captured.taken_at,
    }
}

/// Records a capture that cannot complete a payment (another currency, or no amount), for staff to refund at the
/// gateway.
async fn record_not_taken(
    c: &mut DbConnection,
    capture: Capture,
    payment_hint: Option<PaymentId>,
) -> Result<(), BookingError> {
    let of_order = payments::find_for_order(c, capture.gateway, &capture.order_id).await?;
    let payment_id = of_order.map(|payment| payment.id).or(payment_hint);
    let capture = Capture { payment_id, outcome: CaptureOutcome::NotTaken, ..capture };
    if captures::insert(c, &capture).await? {
        let Capture { gateway, gateway_payment_id: id, amount_paise, currency, .. } = &capture;
        tracing::error!(%gateway, id, amount = amount_paise.paise(), currency, "capture not accepted");
    }
    Ok(())
}

/// Records a capture and applies it. Webhooks, lists and order checks all end here; a capture that is known already
/// changes nothing.
pub async fn receive(
    c: &mut DbConnection,
    gateway: GatewayName,
    captured: &CapturedPayment,
    at: Timestamp,
) -> Result<(), BookingError> {
    let capture = new_capture(gateway, captured, at);
    let payment_hint = captured.payment_id;
    if !is_acceptable(&captured.currency, captured.amount) {
        return record_not_taken(c, capture, payment_hint).await;
    }
    let mut found = payments::find_for_order(c, gateway, &capture.order_id).await?;
    if let (None, Some(id)) = (&found, payment_hint) {
        found = payments::find(c, id).await?.filter(|p| p.gateway == Some(gateway));
    }
    let is_recorded = found.is_none() && payment_hint.is_none();
    if is_recorded {
        if !record_capture(c, &capture).await? {
            return Ok(());
        }
        // A concurrent `attach_order` either sees this capture, or holds the payment's lock, which this query waits
        // for.
        found = payments::lock_for_order(c, gateway, &capture.order_id).await?;
    }
    let Some(payment) = found else {
        if is_recorded || record_capture(c, &capture).await? {
            tracing::warn!(%gateway, order = capture.order_id, "capture for an unknown order");
        }
        return Ok(());
    };
    let mut member_lock = MemberLock::acquire(c, payment.user_id, at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, payment.booking_id, payment.id).await?;
    if is_recorded || record_capture(c, &capture).await? {
        apply_capture(c, &mut member_lock, &mut aggregate, payment.id, &capture).await?;
    }
    finish_change(c, member_lock).await
}

/// Stores a capture. Returns whether it still has to be applied.
///
/// A capture that is stored for an unknown order is overwritten with the order and the amount of the later message:
/// otherwise the first message would use up the gateway's payment id, and the second one's money would be lost.
async fn record_capture(c: &mut DbConnection, capture: &Capture) -> Result<bool, BookingError> {
    if captures::insert(c, capture).await? {
        return Ok(true);
    }
    match captures::lock(c, capture.gateway, &capture.gateway_payment_id).await?.outcome {
        CaptureOutcome::Applied | CaptureOutcome::Returned | CaptureOutcome::Refunded => Ok(false),
        CaptureOutcome::UnknownOrder | CaptureOutcome::NotTaken => {
            captures::set_order(c, capture).await?;
            Ok(true)
        }
    }
}

/// Decides whether a capture completes its payment or returns to the wallet, and executes the decision.
async fn apply_capture(
    c: &mut DbConnection,
    member_lock: &mut MemberLock,
    aggregate: &mut BookingAggregate,
    id: PaymentId,
    capture: &Capture,
) -> Result<(), BookingError> {
    let payment = aggregate.payment(id)?;
    let taken_at = capture.taken_at.unwrap_or(capture.captured_at);
    member_lock.set_occurred_at(c, effective_time(taken_at, payment.created_at, member_lock.now())).await?;
    let received = capture.amount_paise.minus_or_zero(capture.refunded_paise);
    let decision =
        decide_capture(payment.status, payment.amount_paise, received, aggregate.booking.status, &aggregate.amounts()?);
    let outcome = match decision {
        CaptureDecision::Apply => {
            complete_payment(member_lock, aggregate, id, capture)?;
            payments::save(c, aggregate.payment(id)?).await?;
            aggregate.save(c).await?;
            CaptureOutcome::Applied
        }
        CaptureDecision::Return(cause) => {
            if payment.status == PaymentStatus::Pending {
                member_lock.close_payment(c, aggregate, id, PaymentCommand::Fail, cause.as_str()).await?;
            }
            let money = WalletReturn { return_id: return_id(capture), amount: received, cause };
            member_lock.return_to_wallet(c, aggregate, id, money).await?;
            CaptureOutcome::Returned
        }
    };
    captures::set_outcome(c, capture, id, outcome).await?;
    // The gateway may have reported refunds before the capture.
    match decision {
        CaptureDecision::Apply => apply_gateway_refund::reconcile_payment(c, member_lock, aggregate, id).await,
        CaptureDecision::Return(_) => {
            apply_gateway_refund::reconcile_returned(c, aggregate, id, capture, member_lock.now()).await
        }
    }
}

/// Completes the payment and recalculates its booking, without saving them. Revives an expired booking.
pub(super) fn complete_payment(
    member_lock: &mut MemberLock,
    aggregate: &mut BookingAggregate,
    id: PaymentId,
    capture: &Capture,
) -> Result<(), BookingError> {
    if aggregate.booking.status == BookingStatus::Expired {
        aggregate.apply(BookingCommand::Revive)?;
    }
    let proof = PaymentProof { reference: None, gateway_payment_id: Some(capture.gateway_payment_id.clone()) };
    member_lock.apply_completion(aggregate, id, PaymentCommand::Capture, proof)?;
    member_lock.recalculate(aggregate)
}

/// Fails a pending payment because the gateway reported a failed attempt.
pub async fn fail_payment(
    c: &mut DbConnection,
    payment: &Payment,
    reason: &str,
    at: Timestamp,
) -> Result<(), BookingError> {
    let mut member_lock = MemberLock::acquire(c, payment.user_id, at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, payment.booking_id, payment.id).await?;
    // A failed attempt does not change a captured payment or a superseded order.
    if aggregate.payment(payment.id)?.status == PaymentStatus::Pending {
        member_lock.close_payment(c, &mut aggregate, payment.id, PaymentCommand::Fail, reason).await?;
    }
    finish_change(c, member_lock).await
}

/// Stores the order that a gateway created for a payment, and applies captures that were received for it before. An
/// order that is stored already is kept. Errors with `NotFound` when the payment does not exist.
pub async fn attach_order(
    c: &mut DbConnection,
    id: PaymentId,
    order_id: &str,
    at: Timestamp,
) -> Result<Payment, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, found.user_id, at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, found.booking_id, id).await?;
    let payment = aggregate.payment_mut(id)?;
    if payment.gateway_order_id.is_none() {
        payment.gateway_order_id = Some(order_id.to_owned());
        payments::save(c, payment).await?;
        let (gateway, created_at) = (payment.gateway.ok_or(BookingError::NotFound)?, payment.created_at);
        if gateway.needs_api_calls() {
            reconciliations::schedule_check(c, id, gateway, first_check(created_at)).await?;
        }
        for capture in captures::lock_unknown_for_order(c, gateway, order_id).await? {
            apply_capture(c, &mut member_lock, &mut aggregate, id, &capture).await?;
        }
    }
    let payment = aggregate.payment(id)?.clone();
    finish_change(c, member_lock).await?;
    Ok(payment)
}
