//! A refund's row and the gateway's refunds of its payment, brought in line with what the gateway says; money that has
//! to move because of it is put into the outbox.

use crate::domain::capture::CURRENCY;
use crate::domain::refund::{
    GatewayRefund, GatewayRefundOutcome, GatewayRefundState, RefundEffects, RefundSignal, RefundState, advance,
};
use crate::domain::retry::next_question;
use crate::domain::{GatewayName, RefundStatus, RefundTo, ReturnCause};
use crate::error::BookingError;
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::refunds::{self, Refund};
use chassis::events::outbox;
use chassis::id;
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};
use proto_events::booking::v1::{ClawbackRequested, PaymentReturned};

/// One refund of a payment as a gateway reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRefund {
    pub id: String,
    pub gateway_payment_id: String,
    pub amount: Money,
    pub currency: String,
    /// Our refund's id where we asked for it; else what the gateway has, or nothing.
    pub receipt: String,
    pub state: GatewayRefundState,
}

/// Whose money moves.
#[derive(Debug, Clone)]
pub struct Payer {
    pub gateway: GatewayName,
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub booking_number: String,
}

/// What credited a wallet.
#[derive(Debug, Clone)]
pub enum CreditedBy {
    Return(Vec<u8>),
    Refund(Vec<u8>),
}

/// Days for which a gateway is asked about a refund that is not processed.
const ASKED_FOR_DAYS: i64 = 30;

/// Writes down what a gateway reports of a refund. The greater state holds, and the rest stays as it was first told.
pub async fn note(
    c: &mut DbConnection,
    gateway: GatewayName,
    payment_id: Option<PaymentId>,
    reported: &ReportedRefund,
    now: Timestamp,
) -> Result<(), BookingError> {
    let fresh = GatewayRefundRow {
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
        next_attempt_at: Some(next_question(0, now)),
    };
    if gateway_refunds::insert(c, &fresh).await? {
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

/// When a gateway is next asked about a refund that it reported; never again once there is nothing to find out.
pub fn next_question_about(row: &GatewayRefundRow, now: Timestamp) -> Option<Timestamp> {
    let known = row.state == GatewayRefundState::Processed && row.outcome == GatewayRefundOutcome::Settled;
    let over = row.reported_at.plus_hours(24 * ASKED_FOR_DAYS) < now;
    (!known && !over).then(|| next_question(row.attempts, now))
}

/// The gateway's refunds as they count for `receipt`.
pub fn counted(rows: &[GatewayRefundRow], receipt: &str) -> Vec<GatewayRefund> {
    let rupees = rows.iter().filter(|row| row.currency == CURRENCY);
    let refund = |row: &GatewayRefundRow| GatewayRefund {
        id: row.gateway_refund_id.clone(),
        amount: row.amount_paise,
        state: row.state,
        is_ours: row.receipt == receipt,
        clawback: row.clawback_paise,
    };
    rupees.map(refund).collect()
}

fn state_of(refund: &Refund, rows: &[GatewayRefundRow]) -> RefundState {
    // Rows that an earlier release writes have no credit.
    let whole = refund.refund_to == RefundTo::Wallet
        || refund.status == RefundStatus::Failed && refund.credited_paise.is_zero();
    RefundState {
        amount: refund.amount_paise,
        to: refund.refund_to,
        status: refund.status,
        attempts: refund.attempts,
        refused: refund.refused,
        confirmed: refund.confirmed_paise,
        credited: if whole { refund.amount_paise } else { refund.credited_paise },
        unknown_since: refund.unknown_since,
        gateway_refunds: counted(rows, &refund.id.to_string()),
    }
}

/// Whether staff may say what became of a refund.
pub fn is_resolvable(refund: &Refund, rows: &[GatewayRefundRow], now: Timestamp) -> bool {
    state_of(refund, rows).is_resolvable(now)
}

/// Takes a signal about a refund that is locked. `rows` are the gateway's refunds of its payment, locked as well.
pub async fn take(
    c: &mut DbConnection,
    refund: &mut Refund,
    rows: Vec<GatewayRefundRow>,
    signal: &RefundSignal,
    payer: &Payer,
    now: Timestamp,
) -> Result<RefundState, BookingError> {
    let before = state_of(refund, &rows);
    let credited_before = before.credited;
    let (state, effects) = advance(before, signal, now)?;
    refund.status = state.status;
    refund.attempts = state.attempts;
    refund.refused = state.refused;
    refund.confirmed_paise = state.confirmed;
    refund.credited_paise = state.credited;
    refund.unknown_since = state.unknown_since;
    refund.gateway_refund_id = state.gateway_refund_id().map(str::to_owned).or(refund.gateway_refund_id.take());
    let ended = matches!(state.status, RefundStatus::Done | RefundStatus::Failed);
    refund.settled_at = if ended { refund.settled_at.or(Some(now)) } else { None };
    refunds::save(c, refund).await?;
    if effects.credit.is_positive() {
        credit(c, refund, credited_before, effects.credit, payer, now).await?;
    }
    let credited_by = match refund.refund_to {
        RefundTo::Wallet | RefundTo::EmiReserve => CreditedBy::Refund(refund.id.into()),
        RefundTo::Source => CreditedBy::Return(refund.id.into()),
    };
    claw_back(c, &effects, &credited_by, payer, now).await?;
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
    let return_id: Vec<u8> = if credited_before.is_zero() {
        refund.id.into()
    } else {
        let before = credited_before.paise().to_be_bytes();
        let parts: [&[u8]; 3] = [b"refund_credit", refund.id.as_bytes(), &before];
        id::derived::<uuid::Uuid>(&parts).as_bytes().to_vec()
    };
    let returned = PaymentReturned {
        return_id,
        payment_id: payer.payment_id.into(),
        booking_id: payer.booking_id.into(),
        user_id: payer.user_id.into(),
        amount_paise: amount.paise(),
        cause: ReturnCause::SourceRefundFailed.to_string(),
        booking_number: payer.booking_number.clone(),
        returned_at: now.micros(),
    };
    tracing::warn!(refund = %refund.id, "a refund at the source was not made: its money goes to the wallet");
    outbox::publish(c, payer.payment_id, now, &returned).await?;
    Ok(())
}

/// Asks the wallet for what went back at the source as well, once for each of the gateway's refunds.
pub async fn claw_back(
    c: &mut DbConnection,
    effects: &RefundEffects,
    credited_by: &CreditedBy,
    payer: &Payer,
    now: Timestamp,
) -> Result<(), BookingError> {
    let (return_id, refund_id) = match credited_by {
        CreditedBy::Return(id) => (Some(id.clone()), None),
        CreditedBy::Refund(id) => (None, Some(id.clone())),
    };
    for (gateway_refund_id, amount) in &effects.clawbacks {
        let parts: [&[u8]; 3] = [b"clawback", payer.gateway.as_str().as_bytes(), gateway_refund_id.as_bytes()];
        let requested = ClawbackRequested {
            clawback_id: id::derived::<uuid::Uuid>(&parts).as_bytes().to_vec(),
            payment_id: payer.payment_id.into(),
            booking_id: payer.booking_id.into(),
            user_id: payer.user_id.into(),
            amount_paise: amount.paise(),
            gateway: payer.gateway.to_string(),
            gateway_refund_id: gateway_refund_id.clone(),
            booking_number: payer.booking_number.clone(),
            return_id: return_id.clone(),
            refund_id: refund_id.clone(),
            requested_at: now.micros(),
        };
        metrics::counter!("refund_clawbacks_total").increment(1);
        let (gateway, payment) = (payer.gateway, payer.payment_id);
        tracing::error!(%gateway, gateway_refund_id, %payment, "money was given back twice and is clawed back");
        outbox::publish(c, payer.payment_id, now, &requested).await?;
    }
    Ok(())
}

/// Saves which of the gateway's refunds are accounted for.
pub async fn save_rows(
    c: &mut DbConnection,
    rows: Vec<GatewayRefundRow>,
    counted: &[GatewayRefund],
    now: Timestamp,
) -> Result<(), BookingError> {
    for mut row in rows {
        let known = counted.iter().find(|refund| refund.id == row.gateway_refund_id);
        let (outcome, clawback) = (row.outcome, row.clawback_paise);
        row.clawback_paise = known.map_or(clawback, |refund| refund.clawback);
        row.outcome = match (row.state, known) {
            (GatewayRefundState::Processed, Some(_)) => GatewayRefundOutcome::Settled,
            (GatewayRefundState::Processed, None) => GatewayRefundOutcome::Unmatched,
            (GatewayRefundState::Pending | GatewayRefundState::Failed, _) => GatewayRefundOutcome::Open,
        };
        if (row.outcome, row.clawback_paise) != (outcome, clawback) {
            row.next_attempt_at = next_question_about(&row, now);
            gateway_refunds::save(c, &row).await?;
        }
    }
    Ok(())
}
