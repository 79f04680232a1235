//! Money captured by a gateway: recorded once, then applied to its payment or returned to the payer's wallet.
//!
//! Messages may be repeated and reordered; a gateway's payment id takes effect once.

use super::apply_gateway_refund;
use super::buyer_session::BuyerSession;
use super::capture_return::return_id;
use super::stock;
use crate::domain::aggregate::{Booking, Command, Payment, ReceivedMoney};
use crate::domain::capture::{effective_time, is_acceptable};
use crate::domain::gateway_event::CapturedPayment;
use crate::domain::received_money::{MoneyDecision, MoneySource};
use crate::domain::reconciliation::first_check;
use crate::domain::stock::UnitOffer;
use crate::domain::{BookingStatus, CaptureOutcome, GatewayName};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::{payments, reconciliations, vehicles};
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
        resolved_by: None,
        resolved_at: None,
        resolution_reason: None,
        credited_user_id: None,
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
    let mut session = BuyerSession::lock_payment(c, &payment, at).await?;
    if is_recorded || record_capture(c, &capture).await? {
        apply_capture(c, &mut session, payment.id, &capture).await?;
    }
    session.finish(c).await
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

/// The captured money as its payment receives it: without what the gateway had refunded before.
pub(super) fn captured_money(payment: PaymentId, capture: &Capture) -> ReceivedMoney {
    let amount = capture.amount_paise.minus_or_zero(capture.refunded_paise);
    ReceivedMoney {
        gateway_payment_id: Some(capture.gateway_payment_id.clone()),
        return_id: return_id(capture),
        ..ReceivedMoney::new(payment, MoneySource::Gateway, amount)
    }
}

/// Whether the vehicle has a unit for a booking that expired and would need one again. Locks the vehicle.
pub(super) async fn find_unit(c: &mut DbConnection, booking: &Booking) -> Result<UnitOffer, BookingError> {
    if booking.status != BookingStatus::Expired {
        return Ok(UnitOffer::NotCounted);
    }
    let vehicle = vehicles::find(c, booking.vehicle_id).await?.ok_or(BookingError::NotFound)?;
    stock::lock_offer(c, &vehicle).await
}

/// Applies a capture to its payment, and the refunds that the gateway reported before the capture.
pub(super) async fn apply_capture(
    c: &mut DbConnection,
    session: &mut BuyerSession,
    id: PaymentId,
    capture: &Capture,
) -> Result<(), BookingError> {
    let payment = session.payment(id)?;
    let (booking, now) = (payment.booking_id, session.context().now);
    let taken_at = capture.taken_at.unwrap_or(capture.captured_at);
    let occurred_at = effective_time(taken_at, payment.created_at, now);
    session.set_occurred_at(c, occurred_at).await?;
    let mut money = captured_money(id, capture);
    money.unit = find_unit(c, session.booking(booking)?.booking()).await?;
    let is_applied = session.booking(booking)?.decide_money(&money)? == MoneyDecision::Complete;
    session.apply(booking, &Command::ReceiveMoney(&money))?;
    session.save_bookings(c).await?;
    if is_applied {
        captures::set_outcome(c, capture, Some(id), CaptureOutcome::Applied).await?;
        apply_gateway_refund::reconcile_payment(c, session, id).await
    } else {
        captures::set_outcome(c, capture, Some(id), CaptureOutcome::Returned).await?;
        let payer = apply_gateway_refund::payer(session, capture.gateway, id)?;
        apply_gateway_refund::reconcile_returned(c, &payer, capture, now).await
    }
}

/// Fails a pending payment because the gateway reported a failed attempt. A captured payment and a superseded order
/// stay unchanged.
pub async fn fail_payment(
    c: &mut DbConnection,
    payment: &Payment,
    reason: &str,
    at: Timestamp,
) -> Result<(), BookingError> {
    let mut session = BuyerSession::lock_payment(c, payment, at).await?;
    session.apply(payment.booking_id, &Command::ReportFailure { payment: payment.id, reason })?;
    session.finish(c).await
}

/// Fails a pending payment whose order has expired at the gateway. Errors with `NotFound` when it does not exist.
pub async fn fail_expired(c: &mut DbConnection, id: PaymentId, at: Timestamp) -> Result<(), BookingError> {
    let payment = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    fail_payment(c, &payment, "the checkout expired", at).await
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
    let gateway = found.gateway.ok_or(BookingError::NotFound)?;
    let mut session = BuyerSession::lock_payment(c, &found, at).await?;
    session.apply(found.booking_id, &Command::AttachOrder { payment: id, order_id })?;
    if session.is_changed() {
        session.save_bookings(c).await?;
        if gateway.needs_api_calls() {
            reconciliations::schedule_check(c, id, gateway, first_check(found.created_at)).await?;
        }
        for capture in captures::lock_unknown_for_order(c, gateway, order_id).await? {
            apply_capture(c, &mut session, id, &capture).await?;
        }
    }
    let payment = session.payment(id)?.clone();
    session.finish(c).await?;
    Ok(payment)
}
