//! What a gateway reports of a refund takes effect, whether we asked for it or it was made in the gateway's dashboard.

use super::account::{Account, RefundRequest};
use super::capture::return_id;
use super::folder::Folder;
use super::settle_refund::{self, CreditedBy, Payer, ReportedRefund};
use crate::domain::refund::{
    GatewayRefund, GatewayRefundOutcome, GatewayRefundState, RefundActor, RefundSignal, RefundState, advance,
};
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus, RefundStatus, RefundTo};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::{payments, refunds};
use db::DbConnection;
use domain::{Money, MoneyError, PaymentId, Timestamp};

const DASHBOARD: &str = "refunded in the gateway's dashboard";

/// Takes one report. The same one again changes nothing.
pub async fn report(
    c: &mut DbConnection,
    gateway: GatewayName,
    reported: &ReportedRefund,
    now: Timestamp,
) -> Result<(), BookingError> {
    let capture = captures::find(c, gateway, &reported.gateway_payment_id).await?;
    let placed = capture.as_ref().filter(|c| matches!(c.outcome, CaptureOutcome::Applied | CaptureOutcome::Returned));
    let payment = match placed.and_then(|capture| capture.payment_id) {
        Some(id) => payments::find(c, id).await?,
        None => None,
    };
    let (Some(capture), Some(payment)) = (placed, payment) else {
        settle_refund::note(c, gateway, None, reported, now).await?;
        return weigh_unplaced(c, gateway, &reported.gateway_payment_id, capture.as_ref(), now).await;
    };
    let mut account = Account::lock(c, payment.user_id, now).await?;
    let mut folder = Folder::lock_with(c, payment.booking_id, payment.id).await?;
    refunds::lock_of_payment(c, payment.id).await?;
    settle_refund::note(c, gateway, Some(payment.id), reported, now).await?;
    if capture.outcome == CaptureOutcome::Applied {
        weigh_payment(c, &mut account, &mut folder, payment.id).await?;
    } else {
        weigh_returned(c, &folder, payment.id, capture, now).await?;
    }
    account.finish(c).await
}

fn processed(rows: &[GatewayRefund]) -> Result<Money, MoneyError> {
    Money::total(rows.iter().filter(|r| r.state == GatewayRefundState::Processed).map(|r| r.amount))
}

/// Money that no payment here was for: given back as a whole, it is nobody's concern any more.
async fn weigh_unplaced(
    c: &mut DbConnection,
    gateway: GatewayName,
    gateway_payment_id: &str,
    capture: Option<&Capture>,
    now: Timestamp,
) -> Result<(), BookingError> {
    let rows = gateway_refunds::lock_of(c, gateway, gateway_payment_id).await?;
    let given_back =
        Money::total(rows.iter().filter(|r| r.state == GatewayRefundState::Processed).map(|r| r.amount_paise))?;
    match capture {
        Some(capture) if given_back >= capture.amount_paise && given_back.is_positive() => {
            captures::set_refunded(c, capture).await?;
            mark(c, rows, GatewayRefundOutcome::Settled, now).await
        }
        Some(_) | None => mark(c, rows, GatewayRefundOutcome::Unmatched, now).await,
    }
}

/// Gives the processed refunds this outcome, and says aloud which are new to it.
async fn mark(
    c: &mut DbConnection,
    rows: Vec<GatewayRefundRow>,
    outcome: GatewayRefundOutcome,
    now: Timestamp,
) -> Result<(), BookingError> {
    let changes = |row: &GatewayRefundRow| row.state == GatewayRefundState::Processed && row.outcome != outcome;
    for mut row in rows.into_iter().filter(changes) {
        row.outcome = outcome;
        row.next_attempt_at = settle_refund::next_question_about(&row, now);
        if outcome == GatewayRefundOutcome::Unmatched {
            let GatewayRefundRow { gateway, gateway_refund_id: id, gateway_payment_id: payment, .. } = &row;
            tracing::error!(%gateway, id, payment, "a gateway's refund matches nothing here");
        }
        gateway_refunds::save(c, &row).await?;
    }
    Ok(())
}

fn payer(folder: &Folder, gateway: GatewayName, id: PaymentId) -> Payer {
    Payer {
        gateway,
        payment_id: id,
        booking_id: folder.booking.id,
        user_id: folder.booking.user_id,
        booking_number: folder.booking.number.clone(),
    }
}

/// Brings a payment in line with the gateway's refunds of it. A payment that went back as a whole is refunded here as
/// well; one that went back in part stays as it is until it is refunded, and staff see it.
pub async fn weigh_payment(
    c: &mut DbConnection,
    account: &mut Account,
    folder: &mut Folder,
    id: PaymentId,
) -> Result<(), BookingError> {
    let payment = folder.payment(id)?;
    let (Some(gateway), Some(gateway_payment_id)) = (payment.gateway, payment.gateway_payment_id.clone()) else {
        return Ok(());
    };
    let rows = gateway_refunds::lock_of(c, gateway, &gateway_payment_id).await?;
    let known = settle_refund::counted(&rows, "");
    let Some(last) = known.last() else { return Ok(()) };
    let now = account.now();
    if payment.status == PaymentStatus::Completed {
        if processed(&known)? < payment.amount_paise {
            return mark(c, rows, GatewayRefundOutcome::Unmatched, now).await;
        }
        tracing::warn!(%gateway, payment = %id, "a payment was refunded in the gateway's dashboard");
        let request = RefundRequest { to: RefundTo::Source, reason: DASHBOARD, by: RefundActor::Gateway };
        account.refund(c, folder, id, &request).await?;
        account.settle(c, folder).await?;
    }
    let Some(mut refund) = refunds::lock_of_payment(c, id).await? else { return Ok(()) };
    let last = settle_refund::counted(&rows, &refund.id.to_string()).pop().unwrap_or_else(|| last.clone());
    if refund.status == RefundStatus::Sent && last.state == GatewayRefundState::Failed {
        // The gateway is asked at once what else there is.
        refund.next_attempt_at = now;
    }
    let payer = payer(folder, gateway, id);
    settle_refund::take(c, &mut refund, rows, &RefundSignal::Reported(last), &payer, now).await?;
    Ok(())
}

/// Money that went to the payer's wallet and back at the source as well is taken back from the wallet.
pub async fn weigh_returned(
    c: &mut DbConnection,
    folder: &Folder,
    id: PaymentId,
    capture: &Capture,
    now: Timestamp,
) -> Result<(), BookingError> {
    let rows = gateway_refunds::lock_of(c, capture.gateway, &capture.gateway_payment_id).await?;
    let known = settle_refund::counted(&rows, "");
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
    let credited_by = CreditedBy::Return(return_id(capture));
    settle_refund::claw_back(c, &effects, &credited_by, &payer(folder, capture.gateway, id), now).await?;
    settle_refund::save_rows(c, rows, &state.gateway_refunds, now).await
}

/// Those of the listed refunds that are not known, or have gone further than is known.
pub async fn unknown(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: Vec<ReportedRefund>,
) -> Result<Vec<ReportedRefund>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|refund| refund.id.as_str()).collect();
    let known = gateway_refunds::states(c, gateway, &ids).await?;
    let is_known = |refund: &ReportedRefund| known.iter().any(|(id, state)| *id == refund.id && *state >= refund.state);
    Ok(listed.into_iter().filter(|refund| !is_known(refund)).collect())
}

/// The gateway's refunds that have to be asked about.
pub async fn due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<GatewayRefundRow>, BookingError> {
    Ok(gateway_refunds::due(c, gateway, now, limit).await?)
}

/// Notes that the gateway was asked about a refund.
pub async fn asked(c: &mut DbConnection, row: &GatewayRefundRow, now: Timestamp) -> Result<(), BookingError> {
    let mut row = gateway_refunds::lock(c, row.gateway, &row.gateway_refund_id).await?;
    row.attempts = row.attempts.saturating_add(1);
    row.next_attempt_at = settle_refund::next_question_about(&row, now);
    Ok(gateway_refunds::save(c, &row).await?)
}

/// How many of the gateways' refunds match nothing here.
pub async fn count_unmatched(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(gateway_refunds::count_unmatched(c).await?)
}
