//! A booking is cancelled, or a single payment refunded: every consequence is told, once, here.

use super::account::{Account, RefundRequest};
use super::folder::Folder;
use super::report_refund;
use crate::domain::booking::BookingCommand;
use crate::domain::payment::PaymentCommand;
use crate::domain::refund::{RefundActor, Wish, destination};
use crate::domain::{GatewayName, PaymentStatus, RefundTo};
use crate::error::BookingError;
use crate::store::payments::Payment;
use crate::store::{bookings, payments, refunds};
use db::DbConnection;
use domain::{BookingId, PaymentId, PaymentMethod, Timestamp};

/// How the person who gives money back wants it done.
#[derive(Debug, Clone)]
pub struct Terms {
    pub reason: String,
    pub wish: Wish,
    /// The gateways there are: only through one of them can money go back to its source.
    pub gateways: Vec<GatewayName>,
}

impl Terms {
    fn request(&self, to: RefundTo) -> RefundRequest<'_> {
        RefundRequest { to, reason: &self.reason, by: RefundActor::Person }
    }

    fn destination(&self, payment: &Payment) -> RefundTo {
        let gives_back = payment.gateway.is_some_and(|g| self.gateways.contains(&g));
        destination(payment.method, self.wish, gives_back && payment.gateway_payment_id.is_some())
    }
}

/// Says whether anything changed: to cancel again what is cancelled changes nothing.
pub async fn cancel(c: &mut DbConnection, id: BookingId, terms: &Terms, at: Timestamp) -> Result<bool, BookingError> {
    let owner = bookings::owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, owner, at).await?;
    let mut folder = Folder::lock(c, id).await?;
    if !folder.take(BookingCommand::Cancel)? {
        return Ok(false);
    }
    for payment in folder.in_state(PaymentStatus::Pending) {
        let online = folder.payment(payment)?.method == PaymentMethod::Online;
        let command = if online { PaymentCommand::Supersede } else { PaymentCommand::Fail };
        account.close_payment(c, &mut folder, payment, command, "the booking was cancelled").await?;
    }
    for payment in folder.in_state(PaymentStatus::Completed) {
        let to = terms.destination(folder.payment(payment)?);
        account.refund(c, &mut folder, payment, &terms.request(to)).await?;
        report_refund::weigh_payment(c, &mut account, &mut folder, payment).await?;
    }
    folder.booking.reason.clone_from(&terms.reason);
    account.settle(c, &mut folder).await?;
    account.finish(c).await?;
    Ok(true)
}

/// Gives one payment back, whole. Says whether anything changed.
pub async fn refund(c: &mut DbConnection, id: PaymentId, terms: &Terms, at: Timestamp) -> Result<bool, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, found.user_id, at).await?;
    let mut folder = Folder::lock_with(c, found.booking_id, id).await?;
    let payment = folder.payment(id)?;
    let to = terms.destination(payment);
    if payment.status == PaymentStatus::Refunded {
        let first = refunds::of_payment(c, id).await?.map(|r| r.refund_to);
        return if first == Some(to) { Ok(false) } else { Err(BookingError::RefundedElsewhere) };
    }
    account.refund(c, &mut folder, id, &terms.request(to)).await?;
    report_refund::weigh_payment(c, &mut account, &mut folder, id).await?;
    account.settle(c, &mut folder).await?;
    account.finish(c).await?;
    Ok(true)
}
