//! Quote of what is left to pay of a booking.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::Payoff;
use crate::error::BookingError;
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// What is left to pay of a booking. Errors with `NotFound`, and with `Refused` when it does not accept payments.
pub async fn quote(c: &mut DbConnection, id: BookingId, at: Timestamp) -> Result<Payoff, BookingError> {
    Ok(BuyerSession::read(c, id, None, at).await?.booking(id)?.payoff()?)
}
