//! Cancellation of a booking and refund of a single payment.

use super::apply_gateway_refund;
use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::{MemberLock, RefundRequest};
use crate::domain::booking::BookingCommand;
use crate::domain::payment::PaymentCommand;
use crate::domain::refund::{RefundActor, RefundPreference, decide_destination};
use crate::domain::{GatewayName, PaymentStatus, RefundTo};
use crate::error::BookingError;
use crate::store::payments::Payment;
use crate::store::{bookings, payments, refunds};
use db::DbConnection;
use domain::{BookingId, PaymentId, PaymentMethod, Timestamp};

/// Reason and preferred destination of a refund, as requested.
#[derive(Debug, Clone)]
pub struct RefundTerms {
    pub reason: String,
    pub preference: RefundPreference,
    /// The configured gateways; only through these can money be refunded at its source.
    pub gateways: Vec<GatewayName>,
}

impl RefundTerms {
    fn request(&self, to: RefundTo) -> RefundRequest<'_> {
        RefundRequest { to, reason: &self.reason, by: RefundActor::Person }
    }

    fn destination(&self, payment: &Payment) -> RefundTo {
        let has_gateway = payment.gateway.is_some_and(|g| self.gateways.contains(&g));
        decide_destination(payment.method, self.preference, has_gateway && payment.gateway_payment_id.is_some())
    }
}

/// Cancels a booking: closes its pending payments and refunds its completed ones. Returns whether anything changed; a
/// cancelled booking stays unchanged. Errors with `NotFound`, or with `Booking` when its status does not allow it.
pub async fn cancel(
    c: &mut DbConnection,
    id: BookingId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let owner = bookings::find_owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, owner, at).await?;
    let mut aggregate = BookingAggregate::lock(c, id).await?;
    if !aggregate.apply(BookingCommand::Cancel)? {
        return Ok(false);
    }
    for payment in aggregate.payment_ids_in(PaymentStatus::Pending) {
        let is_online = aggregate.payment(payment)?.method == PaymentMethod::Online;
        let command = if is_online { PaymentCommand::Supersede } else { PaymentCommand::Fail };
        member_lock.close_payment(c, &mut aggregate, payment, command, "the booking was cancelled").await?;
    }
    for payment in aggregate.payment_ids_in(PaymentStatus::Completed) {
        let to = terms.destination(aggregate.payment(payment)?);
        member_lock.refund_payment(c, &mut aggregate, payment, &terms.request(to)).await?;
        apply_gateway_refund::reconcile_payment(c, &mut member_lock, &mut aggregate, payment).await?;
    }
    aggregate.booking.reason.clone_from(&terms.reason);
    member_lock.recalculate_and_save(c, &mut aggregate).await?;
    finish_change(c, member_lock).await?;
    Ok(true)
}

/// Refunds one whole payment. Returns whether anything changed. Errors with `NotFound`, with `RefundedElsewhere` when
/// the payment was refunded to another destination, and with `Payment` when it is not completed.
pub async fn refund_payment(
    c: &mut DbConnection,
    id: PaymentId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, found.user_id, at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, found.booking_id, id).await?;
    let payment = aggregate.payment(id)?;
    let to = terms.destination(payment);
    if payment.status == PaymentStatus::Refunded {
        let first = refunds::find_for_payment(c, id).await?.map(|r| r.refund_to);
        return if first == Some(to) { Ok(false) } else { Err(BookingError::RefundedElsewhere) };
    }
    member_lock.refund_payment(c, &mut aggregate, id, &terms.request(to)).await?;
    apply_gateway_refund::reconcile_payment(c, &mut member_lock, &mut aggregate, id).await?;
    member_lock.recalculate_and_save(c, &mut aggregate).await?;
    finish_change(c, member_lock).await?;
    Ok(true)
}
