//! Money that a gateway has captured takes effect: once, whatever comes how often and in which order.

use super::account::{Account, Proof, Returned};
use super::folder::Folder;
use super::report_refund;
use crate::domain::booking::BookingCommand;
use crate::domain::capture::{Fate, effective_time, is_takeable, judge};
use crate::domain::payment::PaymentCommand;
use crate::domain::reconciliation::first_check;
use crate::domain::{BookingStatus, CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::payments::{self, Payment};
use crate::store::reconciliations;
use chassis::id;
use db::DbConnection;
use domain::{Money, PaymentId, Timestamp};

/// Money a gateway has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Empty where there is none: then it was not asked for by us.
    pub order_id: String,
    pub gateway_payment_id: String,
    /// In the smallest unit of the currency.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
    /// What of it had gone back at the gateway already.
    pub refunded: Money,
    /// When the gateway took it, where it says.
    pub taken_at: Option<Timestamp>,
    /// Our own id, where the gateway carries it: it finds a payment whose order is not noted yet.
    pub payment_id: Option<PaymentId>,
}

pub(super) fn unplaced_capture(gateway: GatewayName, captured: &Captured, at: Timestamp) -> Capture {
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

/// Records money that cannot be taken, with the payment it was for where that is known. It changes nothing else: staff
/// see it and give it back at the gateway.
async fn record_not_taken(c: &mut DbConnection, capture: Capture, hint: Option<PaymentId>) -> Result<(), BookingError> {
    let of_order = payments::of_order(c, capture.gateway, &capture.order_id).await?;
    let payment_id = of_order.map(|payment| payment.id).or(hint);
    let capture = Capture { payment_id, outcome: CaptureOutcome::NotTaken, ..capture };
    if captures::insert(c, &capture).await? {
        let Capture { gateway, gateway_payment_id: id, amount_paise, currency, .. } = &capture;
        tracing::error!(%gateway, id, amount = amount_paise.paise(), currency, "captured money is not taken");
    }
    Ok(())
}

/// The one way money of a gateway takes effect, whoever told of it: once, however often.
pub async fn credit(
    c: &mut DbConnection,
    gateway: GatewayName,
    captured: &Captured,
    at: Timestamp,
) -> Result<(), BookingError> {
    let capture = unplaced_capture(gateway, captured, at);
    let hint = captured.payment_id;
    if !is_takeable(&captured.currency, captured.amount) {
        return record_not_taken(c, capture, hint).await;
    }
    let mut found = payments::of_order(c, gateway, &capture.order_id).await?;
    if let (None, Some(id)) = (&found, hint) {
        found = payments::find(c, id).await?.filter(|p| p.gateway == Some(gateway));
    }
    let noted = found.is_none() && hint.is_none();
    if noted {
        if !note(c, &capture).await? {
            return Ok(());
        }
        // Whoever notes the order in this moment either finds the capture, or is waited for here.
        found = payments::lock_of_order(c, gateway, &capture.order_id).await?;
    }
    let Some(payment) = found else {
        if noted || note(c, &capture).await? {
            tracing::warn!(%gateway, order = capture.order_id, "money was captured for an order that is not known");
        }
        return Ok(());
    };
    let mut account = Account::lock(c, payment.user_id, at).await?;
    let mut folder = Folder::lock_with(c, payment.booking_id, payment.id).await?;
    if noted || note(c, &capture).await? {
        settle_capture(c, &mut account, &mut folder, payment.id, &capture).await?;
    }
    account.finish(c).await
}

/// Writes the capture down; says whether it is still to be decided.
///
/// One that is known already for an order that is not takes the order and the amount of the later message: the
/// first must not use up the gateway's payment id, or the money of the second would be lost.
async fn note(c: &mut DbConnection, capture: &Capture) -> Result<bool, BookingError> {
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

/// Decides what becomes of captured money and does it.
async fn settle_capture(
    c: &mut DbConnection,
    account: &mut Account,
    folder: &mut Folder,
    id: PaymentId,
    capture: &Capture,
) -> Result<(), BookingError> {
    let payment = folder.payment(id)?;
    let taken_at = capture.taken_at.unwrap_or(capture.captured_at);
    account.act_at(c, effective_time(taken_at, payment.created_at, account.now())).await?;
    let received = capture.amount_paise.minus_or_zero(capture.refunded_paise);
    let fate = judge(payment.status, payment.amount_paise, received, folder.booking.status, &folder.figures()?);
    let outcome = match fate {
        Fate::Apply => {
            apply(account, folder, id, capture)?;
            payments::save(c, folder.payment(id)?).await?;
            folder.save(c).await?;
            CaptureOutcome::Applied
        }
        Fate::Return(cause) => {
            if payment.status == PaymentStatus::Pending {
                account.close_payment(c, folder, id, PaymentCommand::Fail, cause.as_str()).await?;
            }
            let money = Returned { return_id: return_id(capture), amount: received, cause };
            account.give_back(c, folder, id, money).await?;
            CaptureOutcome::Returned
        }
    };
    captures::set_outcome(c, capture, id, outcome).await?;
    // The gateway may have told of refunds before it told of the capture.
    match fate {
        Fate::Apply => report_refund::weigh_payment(c, account, folder, id).await,
        Fate::Return(_) => report_refund::weigh_returned(c, folder, id, capture, account.now()).await,
    }
}

/// Completes the payment and settles its booking, in memory; an expired booking comes back to life with it.
pub(super) fn apply(
    account: &mut Account,
    folder: &mut Folder,
    id: PaymentId,
    capture: &Capture,
) -> Result<(), BookingError> {
    if folder.booking.status == BookingStatus::Expired {
        folder.take(BookingCommand::Revive)?;
    }
    let proof = Proof { reference: None, gateway_payment_id: Some(capture.gateway_payment_id.clone()) };
    account.take_completion(folder, id, PaymentCommand::Capture, proof)?;
    account.take_settlement(folder)
}

/// The identity of what goes to the payer's wallet of a capture.
pub(super) fn return_id(capture: &Capture) -> Vec<u8> {
    let parts: [&[u8]; 3] = [b"capture", capture.gateway.as_str().as_bytes(), capture.gateway_payment_id.as_bytes()];
    id::derived::<uuid::Uuid>(&parts).as_bytes().to_vec()
}

/// A gateway says that an attempt to pay failed.
pub async fn fail(c: &mut DbConnection, payment: &Payment, reason: &str, at: Timestamp) -> Result<(), BookingError> {
    let mut account = Account::lock(c, payment.user_id, at).await?;
    let mut folder = Folder::lock_with(c, payment.booking_id, payment.id).await?;
    // After a capture, and for an order that was given up, a failed attempt means nothing.
    if folder.payment(payment.id)?.status == PaymentStatus::Pending {
        account.close_payment(c, &mut folder, payment.id, PaymentCommand::Fail, reason).await?;
    }
    account.finish(c).await
}

/// Notes the order a gateway made for a payment, and takes up what was captured for it meanwhile. Where
/// another call noted one first, that one holds.
pub async fn attach_order(
    c: &mut DbConnection,
    id: PaymentId,
    order_id: &str,
    at: Timestamp,
) -> Result<Payment, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, found.user_id, at).await?;
    let mut folder = Folder::lock_with(c, found.booking_id, id).await?;
    let payment = folder.payment_mut(id)?;
    if payment.gateway_order_id.is_none() {
        payment.gateway_order_id = Some(order_id.to_owned());
        payments::save(c, payment).await?;
        let (gateway, made) = (payment.gateway.ok_or(BookingError::NotFound)?, payment.created_at);
        if gateway.needs_calls() {
            reconciliations::check_at(c, id, gateway, first_check(made)).await?;
        }
        for capture in captures::lock_unknown_of(c, gateway, order_id).await? {
            settle_capture(c, &mut account, &mut folder, id, &capture).await?;
        }
    }
    let payment = folder.payment(id)?.clone();
    account.finish(c).await?;
    Ok(payment)
}
