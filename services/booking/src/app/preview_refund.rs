//! Previews of the cancellation of a booking and of the refund of a payment. They lock and change nothing.
//!
//! Refunds that a gateway has reported of a payment are not part of a preview.

use super::buyer_session::BuyerSession;
use super::cancel_booking::check_refunded_to;
use super::plan_versions::plan_in_force;
use crate::domain::PaymentStatus;
use crate::domain::aggregate::{
    Booking, BookingAggregate, BuyerAccount, Command, Member, Payment, RefundPreview, RefundTerms,
};
use crate::error::BookingError;
use crate::store::{bookings, instalments, members, payments};
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// What a request would do, and why it is refused, if it is.
#[derive(Debug)]
pub struct Preview {
    pub effects: RefundPreview,
    pub refusal: Option<BookingError>,
}

impl Preview {
    fn new(buyer: &BuyerAccount, decided: Result<RefundPreview, BookingError>) -> Self {
        match decided {
            Ok(effects) => Self { effects, refusal: None },
            Err(refusal) => Self { effects: RefundPreview::unchanged(buyer), refusal: Some(refusal) },
        }
    }
}

/// Previews a cancellation. Errors with `NotFound`.
pub async fn preview_cancellation(
    c: &mut DbConnection,
    id: BookingId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<Preview, BookingError> {
    let session = load(c, id, None, at).await?;
    let decided = session.booking(id)?.preview(&session.buyer, &Command::Cancel(terms), session.context());
    Ok(Preview::new(&session.buyer, decided.map_err(Into::into)))
}

/// Previews the refund of a whole payment. Errors with `NotFound`.
pub async fn preview_payment_refund(
    c: &mut DbConnection,
    payment: &Payment,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<Preview, BookingError> {
    let session = load(c, payment.booking_id, Some(payment), at).await?;
    let decided = if payment.status == PaymentStatus::Refunded {
        let checked = check_refunded_to(c, payment.id, terms.destination(payment)).await;
        checked.map(|()| RefundPreview::unchanged(&session.buyer))
    } else {
        let command = Command::RefundPayment { payment: payment.id, terms };
        let booking = session.booking(payment.booking_id)?;
        booking.preview(&session.buyer, &command, session.context()).map_err(Into::into)
    };
    Ok(Preview::new(&session.buyer, decided))
}

/// Loads a booking with its open payments, its instalments and its buyer, without locks. `payment` is one of the
/// booking in any status.
async fn load(
    c: &mut DbConnection,
    id: BookingId,
    payment: Option<&Payment>,
    at: Timestamp,
) -> Result<BuyerSession, BookingError> {
    let booking: Booking = bookings::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let user_id = booking.user_id;
    let payments = payments::list_open(c, id).await?;
    let instalments = if booking.emi_months > 0 { instalments::list_for_booking(c, id).await? } else { Vec::new() };
    let mut booking = BookingAggregate::new(booking, payments, instalments);
    if let Some(payment) = payment {
        booking.add_stored_payment(payment.clone());
    }
    let member = members::find(c, user_id).await?.unwrap_or_else(|| Member::new(user_id));
    Ok(BuyerSession::new(member, vec![booking], (at, at), plan_in_force(c, at).await?))
}
