//! Refunds that a gateway reports, requested by this service or made in the gateway's dashboard.

use super::advance_refund::{self, Payer};
use super::buyer_session::BuyerSession;
use super::capture_return::return_id;
use crate::domain::aggregate::{Command, CreditSource, PaymentRef, RefundTerms};
use crate::domain::gateway_event::ReportedRefund;
use crate::domain::refund::{
    GatewayRefund, GatewayRefundOutcome, GatewayRefundState, RefundActor, RefundPreference, RefundSignal, RefundState,
    advance,
};
use crate::domain::{BookingStatus, CaptureOutcome, GatewayName, PaymentStatus, RefundStatus, RefundTo};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::{members, payments, refunds};
use db::DbConnection;
use domain::{Money, MoneyError, PaymentId, Timestamp, UserId};

const DASHBOARD_REASON: &str = "refunded in the gateway's dashboard";

/// Stores a report and applies it to its payment. The same report again changes nothing.
pub async fn apply_report(
    c: &mut DbConnection,
    gateway: GatewayName,
    reported: &ReportedRefund,
    now: Timestamp,
) -> Result<(), BookingError> {
    let capture = find_capture(c, gateway, &reported.gateway_payment_id).await?;
    if let Some((capture, user_id)) = capture.as_ref().and_then(|c| Some((c, c.credited_user_id?))) {
        // All reports of the capture come one after another.
        members::lock(c, user_id).await?;
        advance_refund::record_report(c, gateway, None, reported, now).await?;
        return reconcile_returned(c, &credited_payer(capture, user_id), capture, now).await;
    }
    let matched = capture.as_ref().filter(|c| matches!(c.outcome, CaptureOutcome::Applied | CaptureOutcome::Returned));
    let payment = match matched.and_then(|capture| capture.payment_id) {
        Some(id) => payments::find(c, id).await?,
        None => None,
    };
    let (Some(capture), Some(payment)) = (matched, payment) else {
        advance_refund::record_report(c, gateway, None, reported, now).await?;
        return reconcile_unmatched(c, gateway, &reported.gateway_payment_id, capture.as_ref(), now).await;
    };
    let mut session = BuyerSession::lock_payment(c, &payment, now).await?;
    refunds::lock_for_payment(c, payment.id).await?;
    advance_refund::record_report(c, gateway, Some(payment.id), reported, now).await?;
    if capture.outcome == CaptureOutcome::Applied {
        reconcile_payment(c, &mut session, payment.id).await?;
    } else {
        let payer = payer(&session, gateway, payment.id)?;
        reconcile_returned(c, &payer, capture, now).await?;
    }
    session.finish(c).await
}

/// The capture with this id. One that matches no payment is locked, because staff may be resolving it.
async fn find_capture(c: &mut DbConnection, gateway: GatewayName, id: &str) -> Result<Option<Capture>, BookingError> {
    let found = captures::find(c, gateway, id).await?;
    match found.as_ref().map(|capture| capture.outcome) {
        Some(CaptureOutcome::UnknownOrder | CaptureOutcome::NotTaken) => {
            Ok(Some(captures::lock(c, gateway, id).await?))
        }
        Some(CaptureOutcome::Applied | CaptureOutcome::Returned | CaptureOutcome::Refunded) | None => Ok(found),
    }
}

/// The payer of a capture whose money was credited to this member's wallet without a payment.
pub(super) fn credited_payer(capture: &Capture, user_id: UserId) -> Payer {
    Payer { gateway: capture.gateway, payment: PaymentRef::of_return(return_id(capture), user_id) }
}

fn processed_total(rows: &[GatewayRefund]) -> Result<Money, MoneyError> {
    Money::total(rows.iter().filter(|r| r.state == GatewayRefundState::Processed).map(|r| r.amount))
}

/// Marks a capture that matches no payment as refunded once the gateway has refunded all of it; until then its refunds
/// are unmatched.
async fn reconcile_unmatched(
    c: &mut DbConnection,
    gateway: GatewayName,
    gateway_payment_id: &str,
    capture: Option<&Capture>,
    now: Timestamp,
) -> Result<(), BookingError> {
    let rows = gateway_refunds::lock_for_payment(c, gateway, gateway_payment_id).await?;
    let refunded =
        Money::total(rows.iter().filter(|r| r.state == GatewayRefundState::Processed).map(|r| r.amount_paise))?;
    match capture {
        Some(capture) if refunded >= capture.amount_paise && refunded.is_positive() => {
            captures::set_refunded(c, capture).await?;
            set_outcome(c, rows, GatewayRefundOutcome::Settled, now).await
        }
        Some(_) | None => set_outcome(c, rows, GatewayRefundOutcome::Unmatched, now).await,
    }
}

/// Sets the outcome of the processed refunds, and logs those that become unmatched.
async fn set_outcome(
    c: &mut DbConnection,
    rows: Vec<GatewayRefundRow>,
    outcome: GatewayRefundOutcome,
    now: Timestamp,
) -> Result<(), BookingError> {
    let changes = |row: &GatewayRefundRow| row.state == GatewayRefundState::Processed && row.outcome != outcome;
    for mut row in rows.into_iter().filter(changes) {
        row.outcome = outcome;
        row.next_attempt_at = advance_refund::next_status_check_of(&row, now);
        if outcome == GatewayRefundOutcome::Unmatched {
            let GatewayRefundRow { gateway, gateway_refund_id: id, gateway_payment_id: payment, .. } = &row;
            tracing::error!(%gateway, id, payment, "gateway refund matches no payment");
        }
        gateway_refunds::save(c, &row).await?;
    }
    Ok(())
}

pub(super) fn payer(session: &BuyerSession, gateway: GatewayName, id: PaymentId) -> Result<Payer, BookingError> {
    let payment = session.payment(id)?;
    let booking = session.booking(payment.booking_id)?.booking();
    Ok(Payer { gateway, payment: PaymentRef::new(payment, &booking.number) })
}

/// Applies the gateway's refunds of a payment. A payment that the gateway refunded in full is refunded here as well; a
/// partial refund, or one of a delivered vehicle, leaves the payment completed and is shown to staff as unmatched.
pub(super) async fn reconcile_payment(
    c: &mut DbConnection,
    session: &mut BuyerSession,
    id: PaymentId,
) -> Result<(), BookingError> {
    let payment = session.payment(id)?.clone();
    let (Some(gateway), Some(gateway_payment_id)) = (payment.gateway, payment.gateway_payment_id) else {
        return Ok(());
    };
    let rows = gateway_refunds::lock_for_payment(c, gateway, &gateway_payment_id).await?;
    let known = advance_refund::to_gateway_refunds(&rows, "");
    let Some(last) = known.last() else { return Ok(()) };
    let now = session.context().now;
    if payment.status == PaymentStatus::Completed {
        // The payments of a delivered vehicle are refunded together, when it is returned.
        let is_delivered = session.booking(payment.booking_id)?.booking().status == BookingStatus::Delivered;
        if is_delivered || processed_total(&known)? < payment.amount_paise {
            return set_outcome(c, rows, GatewayRefundOutcome::Unmatched, now).await;
        }
        tracing::warn!(%gateway, payment = %id, "payment refunded in the gateway's dashboard");
        let terms = RefundTerms {
            reason: DASHBOARD_REASON.to_owned(),
            preference: RefundPreference::Source,
            gateways: vec![gateway],
            requested_by: RefundActor::Gateway,
        };
        session.apply(payment.booking_id, &Command::RefundPayment { payment: id, terms: &terms })?;
        session.save_bookings(c).await?;
    }
    let Some(mut refund) = refunds::lock_for_payment(c, id).await? else { return Ok(()) };
    let last = advance_refund::to_gateway_refunds(&rows, &refund.id.to_string()).pop().unwrap_or_else(|| last.clone());
    if refund.status == RefundStatus::Sent && last.state == GatewayRefundState::Failed {
        // The job lists the gateway's refunds before the wallet is credited.
        refund.next_attempt_at = now;
    }
    let payer = payer(session, gateway, id)?;
    advance_refund::apply_signal(c, &mut refund, rows, &RefundSignal::Reported(last), &payer, now).await?;
    Ok(())
}

/// Claws back from the wallet the money of a returned capture that the gateway refunded as well.
pub(super) async fn reconcile_returned(
    c: &mut DbConnection,
    payer: &Payer,
    capture: &Capture,
    now: Timestamp,
) -> Result<(), BookingError> {
    let rows = gateway_refunds::lock_for_payment(c, capture.gateway, &capture.gateway_payment_id).await?;
    let known = advance_refund::to_gateway_refunds(&rows, "");
    let Some(last) = known.last().cloned() else { return Ok(()) };
    let state = RefundState {
        amount: capture.amount_paise,
        to: RefundTo::Wallet,
        status: RefundStatus::Done,
        attempts: 0,
        refused: false,
        confirmed: capture.refunded_paise,
        credited: capture.amount_paise.minus_or_zero(capture.refunded_paise),
        unknown_since: None,
        gateway_refunds: known,
    };
    let (state, effects) = advance(state, &RefundSignal::Reported(last), now)?;
    advance_refund::claw_back(c, &effects, CreditSource::Return(return_id(capture)), payer, now).await?;
    advance_refund::save_rows(c, rows, &state.gateway_refunds, now).await
}

/// The listed refunds that are not stored, or are stored with an earlier state.
pub async fn find_unknown(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: Vec<ReportedRefund>,
) -> Result<Vec<ReportedRefund>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|refund| refund.id.as_str()).collect();
    let known = gateway_refunds::list_states(c, gateway, &ids).await?;
    let is_known = |refund: &ReportedRefund| known.iter().any(|(id, state)| *id == refund.id && *state >= refund.state);
    Ok(listed.into_iter().filter(|refund| !is_known(refund)).collect())
}

/// The gateway's refunds with a due status check.
pub async fn list_due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<GatewayRefundRow>, BookingError> {
    Ok(gateway_refunds::list_due(c, gateway, now, limit).await?)
}

/// Counts a status check and schedules the next one.
pub async fn schedule_next_check(
    c: &mut DbConnection,
    row: &GatewayRefundRow,
    now: Timestamp,
) -> Result<(), BookingError> {
    let mut row = gateway_refunds::lock(c, row.gateway, &row.gateway_refund_id).await?;
    row.attempts = row.attempts.saturating_add(1);
    row.next_attempt_at = advance_refund::next_status_check_of(&row, now);
    Ok(gateway_refunds::save(c, &row).await?)
}

/// The number of gateway refunds that match no payment.
pub async fn count_unmatched(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(gateway_refunds::count_unmatched(c).await?)
}
