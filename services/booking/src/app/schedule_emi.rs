//! EMI schedule of a booking, and its quote.

use super::buyer_session::BuyerSession;
use super::create_booking::BookingQuote;
use crate::domain::aggregate::Command;
use crate::error::BookingError;
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// Adds an EMI schedule of `months` instalments to a booking. Errors with `NotFound`, and with `Refused` when the
/// booking is closed, has a schedule already, or the number of months is not allowed.
pub async fn schedule(c: &mut DbConnection, id: BookingId, months: u32, at: Timestamp) -> Result<(), BookingError> {
    let mut session = BuyerSession::lock_booking(c, id, at).await?;
    session.apply(id, &Command::ScheduleEmi { months })?;
    session.finish(c).await
}

/// Quotes the schedule of an existing booking without any change. Errors as [`schedule`] does.
pub async fn quote_schedule(
    c: &mut DbConnection,
    id: BookingId,
    months: u32,
    at: Timestamp,
) -> Result<BookingQuote, BookingError> {
    let mut session = BuyerSession::read(c, id, None, at).await?;
    session.apply(id, &Command::ScheduleEmi { months })?;
    Ok(BookingQuote::new(session.booking(id)?, session.context()))
}
