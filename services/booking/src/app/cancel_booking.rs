//! Cancellation and return of a booking, and refund of a single payment.

use super::apply_gateway_refund;
use super::buyer_session::BuyerSession;
use crate::domain::aggregate::{Command, RefundTerms};
use crate::domain::{PaymentStatus, RefundTo};
use crate::error::BookingError;
use crate::store::{payments, refunds};
use db::DbConnection;
use domain::{BookingId, PaymentId, Timestamp};

/// Cancels a booking: closes its pending payments and refunds its completed ones. Returns whether anything changed; a
/// cancelled booking stays unchanged. Errors with `NotFound`, or with `Refused` when its status does not allow it.
pub async fn cancel(
    c: &mut DbConnection,
    id: BookingId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<bool, BookingError> {
    end(c, id, &Command::Cancel(terms), at).await
}

/// Ends a booking whose vehicle is returned and refunds its completed payments. Returns whether anything changed; a
/// returned booking stays unchanged. Errors with `NotFound`, or with `Refused` when its status does not allow it.
pub async fn accept_return(
    c: &mut DbConnection,
    id: BookingId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<bool, BookingError> {
    end(c, id, &Command::Return(terms), at).await
}

async fn end(c: &mut DbConnection, id: BookingId, command: &Command<'_>, at: Timestamp) -> Result<bool, BookingError> {
    let mut session = BuyerSession::lock_booking(c, id, at).await?;
    let payments = session.booking(id)?.payments();
    let completed: Vec<PaymentId> =
        payments.iter().filter(|p| p.status == PaymentStatus::Completed).map(|p| p.id).collect();
    session.apply(id, command)?;
    if !session.is_changed() {
        return Ok(false);
    }
    session.save_bookings(c).await?;
    for payment in completed {
        apply_gateway_refund::reconcile_payment(c, &mut session, payment).await?;
    }
    session.finish(c).await?;
    Ok(true)
}

/// Refunds one whole payment. Returns whether anything changed. Errors with `NotFound`, with `RefundedElsewhere` when
/// the payment was refunded to another destination, and with `Refused` when it is not completed.
pub async fn refund_payment(
    c: &mut DbConnection,
    id: PaymentId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut session = BuyerSession::lock_payment(c, &found, at).await?;
    let payment = session.payment(id)?;
    if payment.status == PaymentStatus::Refunded {
        return check_refunded_to(c, id, terms.destination(payment)).await.map(|()| false);
    }
    session.apply(found.booking_id, &Command::RefundPayment { payment: id, terms })?;
    session.save_bookings(c).await?;
    apply_gateway_refund::reconcile_payment(c, &mut session, id).await?;
    session.finish(c).await?;
    Ok(true)
}

/// Errors with `RefundedElsewhere` unless the payment was refunded to `to`.
pub(super) async fn check_refunded_to(c: &mut DbConnection, id: PaymentId, to: RefundTo) -> Result<(), BookingError> {
    let first = refunds::find_for_payment(c, id).await?.map(|r| r.refund_to);
    if first == Some(to) { Ok(()) } else { Err(BookingError::RefundedElsewhere) }
}
