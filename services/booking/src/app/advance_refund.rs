//! Transitions of a refund row and of the gateway's refunds of its payment, with the wallet credits and clawbacks that
//! follow, published through the outbox.

use super::outgoing_events;
use crate::domain::aggregate::{BookingEvent, ClawbackRequested, CreditSource, PaymentRef, PaymentReturned};
use crate::domain::capture::CURRENCY;
use crate::domain::gateway_event::ReportedRefund;
use crate::domain::refund::{
    GatewayRefund, GatewayRefundOutcome, GatewayRefundState, RefundEffects, RefundSignal, RefundState, advance,
};
use crate::domain::retry::next_status_check;
use crate::domain::{GatewayName, RefundStatus, RefundTo, ReturnCause};
use crate::error::BookingError;
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, payments};
use db::DbConnection;
use domain::{Money, PaymentId, Timestamp};
use runtime::id;

/// The refunded payment with its payer, and its gateway.
#[derive(Debug, Clone)]
pub struct Payer {
    pub gateway: GatewayName,
    pub payment: PaymentRef,
}

/// Loads the gateway's id of the refunded payment, and its payer. Errors with `Inconsistent` when no gateway captured
/// it.
pub async fn load_payer(c: &mut DbConnection, refund: &Refund) -> Result<(String, Payer), BookingError> {
    let payment = payments::find(c, refund.payment_id).await?.ok_or(BookingError::NotFound)?;
    let booking = bookings::find(c, refund.booking_id).await?.ok_or(BookingError::NotFound)?;
    let reference = PaymentRef::new(&payment, &booking.number);
    let (Some(gateway), Some(gateway_payment_id)) = (payment.gateway, payment.gateway_payment_id) else {
        return Err(BookingError::Inconsistent(format!("refund {} has no gateway payment", refund.id)));
    };
    Ok((gateway_payment_id, Payer { gateway, payment: reference }))
}

/// Days for which the gateway is asked about a reported refund that is not processed.
const MAX_STATUS_CHECK_DAYS: i64 = 30;

/// Stores a gateway's report of a refund. A later report can only raise the state and fill in what was missing.
pub async fn record_report(
    c: &mut DbConnection,
    gateway: GatewayName,
    payment_id: Option<PaymentId>,
    reported: &ReportedRefund,
    now: Timestamp,
) -> Result<(), BookingError> {
    let new_row = GatewayRefundRow {
        gateway,
        gateway_refund_id: reported.id.clone(),
        id: id::fresh(),
        gateway_payment_id: reported.gateway_payment_id.clone(),
        payment_id,
        amount_paise: reported.amount,
        currency: reported.currency.clone(),
        receipt: reported.receipt.clone(),
        state: reported.state,
        outcome: GatewayRefundOutcome::Open,
        clawback_paise: Money::ZERO,
        reported_at: now,
        attempts: 0,
        next_attempt_at: Some(next_status_check(0, now)),
    };
    if gateway_refunds::insert(c, &new_row).await? {
        return Ok(());
    }
    let mut row = gateway_refunds::lock(c, gateway, &reported.id).await?;
    row.state = row.state.max(reported.state);
    row.payment_id = row.payment_id.or(payment_id);
    if row.receipt.is_empty() {
        row.receipt.clone_from(&reported.receipt);
    }
    Ok(gateway_refunds::save(c, &row).await?)
}

/// Time of the next status check of a reported refund. `None` when it is settled or too old.
pub fn next_status_check_of(row: &GatewayRefundRow, now: Timestamp) -> Option<Timestamp> {
    let is_settled = row.state == GatewayRefundState::Processed && row.outcome == GatewayRefundOutcome::Settled;
    let is_too_old = row.reported_at.plus_hours(24 * MAX_STATUS_CHECK_DAYS) < now;
    (!is_settled && !is_too_old).then(|| next_status_check(row.attempts, now))
}

/// The gateway's refunds in rupees as domain values. `receipt` marks those that this service requested.
pub fn to_gateway_refunds(rows: &[GatewayRefundRow], receipt: &str) -> Vec<GatewayRefund> {
    let in_rupees = rows.iter().filter(|row| row.currency == CURRENCY);
    let refund = |row: &GatewayRefundRow| GatewayRefund {
        id: row.gateway_refund_id.clone(),
        amount: row.amount_paise,
        state: row.state,
        is_ours: row.receipt == receipt,
        clawback: row.clawback_paise,
    };
    in_rupees.map(refund).collect()
}

fn refund_state(refund: &Refund, rows: &[GatewayRefundRow]) -> RefundState {
    // An earlier release wrote rows without a credited amount.
    let is_fully_credited = refund.refund_to == RefundTo::Wallet
        || refund.status == RefundStatus::Failed && refund.credited_paise.is_zero();
    RefundState {
        amount: refund.amount_paise,
        to: refund.refund_to,
        status: refund.status,
        attempts: refund.attempts,
        refused: refund.refused,
        confirmed: refund.confirmed_paise,
        credited: if is_fully_credited { refund.amount_paise } else { refund.credited_paise },
        unknown_since: refund.unknown_since,
        gateway_refunds: to_gateway_refunds(rows, &refund.id.to_string()),
    }
}

/// Whether staff may resolve a refund, because its outcome has been unknown for long enough.
pub fn is_resolvable(refund: &Refund, rows: &[GatewayRefundRow], now: Timestamp) -> bool {
    refund_state(refund, rows).is_resolvable(now)
}

/// Applies a signal to a locked refund, saves it, and publishes the credits and clawbacks that follow. `rows` are the
/// gateway's refunds of its payment, locked as well.
pub async fn apply_signal(
    c: &mut DbConnection,
    refund: &mut Refund,
    rows: Vec<GatewayRefundRow>,
    signal: &RefundSignal,
    payer: &Payer,
    now: Timestamp,
) -> Result<RefundState, BookingError> {
    let before = refund_state(refund, &rows);
    let credited_before = before.credited;
    let (state, effects) = advance(before, signal, now)?;
    refund.status = state.status;
    refund.attempts = state.attempts;
    refund.refused = state.refused;
    refund.confirmed_paise = state.confirmed;
    refund.credited_paise = state.credited;
    refund.unknown_since = state.unknown_since;
    refund.gateway_refund_id = state.gateway_refund_id().map(str::to_owned).or(refund.gateway_refund_id.take());
    refund.settled_at = if state.is_final() { refund.settled_at.or(Some(now)) } else { None };
    refunds::save(c, refund).await?;
    if effects.credit.is_positive() {
        credit(c, refund, credited_before, effects.credit, payer, now).await?;
    }
    let credit_source = match refund.refund_to {
        RefundTo::Wallet | RefundTo::EmiReserve => CreditSource::Refund(refund.id),
        RefundTo::Source => CreditSource::Return(refund.id.uuid()),
    };
    claw_back(c, &effects, credit_source, payer, now).await?;
    save_rows(c, rows, &state.gateway_refunds, now).await?;
    Ok(state)
}

async fn credit(
    c: &mut DbConnection,
    refund: &Refund,
    credited_before: Money,
    amount: Money,
    payer: &Payer,
    now: Timestamp,
) -> Result<(), BookingError> {
    let return_id = if credited_before.is_zero() {
        refund.id.uuid()
    } else {
        let before = credited_before.paise().to_be_bytes();
        id::derived(&[b"refund_credit", refund.id.as_bytes(), &before])
    };
    tracing::warn!(refund = %refund.id, "refund at the source failed: amount credited to the wallet");
    let (payment, cause) = (payer.payment.clone(), ReturnCause::SourceRefundFailed);
    let returned = PaymentReturned { return_id, payment, amount, cause, returned_at: now };
    outgoing_events::publish(c, &[BookingEvent::PaymentReturned(returned)]).await
}

/// Publishes one `ClawbackRequested` for each of the gateway's refunds that repeats money credited to the wallet.
pub async fn claw_back(
    c: &mut DbConnection,
    effects: &RefundEffects,
    credit: CreditSource,
    payer: &Payer,
    now: Timestamp,
) -> Result<(), BookingError> {
    let gateway = payer.gateway;
    let clawback = |(gateway_refund_id, amount): &(String, Money)| {
        metrics::counter!("refund_clawbacks_total").increment(1);
        let payment = payer.payment.payment_id;
        tracing::error!(%gateway, gateway_refund_id, %payment, "money refunded twice: clawback requested");
        BookingEvent::ClawbackRequested(ClawbackRequested {
            clawback_id: id::derived(&[b"clawback", gateway.as_str().as_bytes(), gateway_refund_id.as_bytes()]),
            payment: payer.payment.clone(),
            amount: *amount,
            gateway,
            gateway_refund_id: gateway_refund_id.clone(),
            credit,
            requested_at: now,
        })
    };
    let events: Vec<BookingEvent> = effects.clawbacks.iter().map(clawback).collect();
    outgoing_events::publish(c, &events).await
}

/// Saves the outcome and the clawback of the gateway's refunds. `gateway_refund_states` are those that are accounted
/// for.
pub async fn save_rows(
    c: &mut DbConnection,
    rows: Vec<GatewayRefundRow>,
    gateway_refund_states: &[GatewayRefund],
    now: Timestamp,
) -> Result<(), BookingError> {
    for mut row in rows {
        let known = gateway_refund_states.iter().find(|refund| refund.id == row.gateway_refund_id);
        let (outcome, clawback) = (row.outcome, row.clawback_paise);
        row.clawback_paise = known.map_or(clawback, |refund| refund.clawback);
        row.outcome = match (row.state, known) {
            (GatewayRefundState::Processed, Some(_)) => GatewayRefundOutcome::Settled,
            (GatewayRefundState::Processed, None) => GatewayRefundOutcome::Unmatched,
            (GatewayRefundState::Pending | GatewayRefundState::Failed, _) => GatewayRefundOutcome::Open,
        };
        if (row.outcome, row.clawback_paise) != (outcome, clawback) {
            row.next_attempt_at = next_status_check_of(&row, now);
            gateway_refunds::save(c, &row).await?;
        }
    }
    Ok(())
}
