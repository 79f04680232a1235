//! Previews of the cancellation and the return of a booking, and of the refund of a payment. They lock and change
//! nothing.
//!
//! Refunds that a gateway has reported of a payment are not part of a preview.

use super::buyer_session::BuyerSession;
use super::cancel_booking::check_refunded_to;
use crate::domain::PaymentStatus;
use crate::domain::aggregate::{BuyerAccount, Command, Payment, RefundPreview, RefundTerms};
use crate::error::BookingError;
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
    preview_command(c, id, &Command::Cancel(terms), at).await
}

/// Previews a return. Errors with `NotFound`.
pub async fn preview_return(
    c: &mut DbConnection,
    id: BookingId,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<Preview, BookingError> {
    preview_command(c, id, &Command::Return(terms), at).await
}

async fn preview_command(
    c: &mut DbConnection,
    id: BookingId,
    command: &Command<'_>,
    at: Timestamp,
) -> Result<Preview, BookingError> {
    let session = BuyerSession::read(c, id, None, at).await?;
    let decided = session.booking(id)?.preview(&session.buyer, command, session.context());
    Ok(Preview::new(&session.buyer, decided.map_err(Into::into)))
}

/// Previews the refund of a whole payment. Errors with `NotFound`.
pub async fn preview_payment_refund(
    c: &mut DbConnection,
    payment: &Payment,
    terms: &RefundTerms,
    at: Timestamp,
) -> Result<Preview, BookingError> {
    let session = BuyerSession::read(c, payment.booking_id, Some(payment), at).await?;
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
