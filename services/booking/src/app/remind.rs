//! Reminders of instalments that are due soon.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::Command;
use crate::domain::emi::last_reminded_due_date;
use crate::error::BookingError;
use crate::store::instalments;
use db::DbConnection;
use domain::{BookingId, Day, Timestamp};

/// Lists bookings with an instalment of which the member is to be reminded today, by id, after `after`.
pub async fn list_bookings(
    c: &mut DbConnection,
    today: Day,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    let due = (today, last_reminded_due_date(today));
    Ok(instalments::list_bookings_to_remind(c, due, after, limit).await?)
}

/// Publishes the reminders of a booking that are due on `today`, each once. Errors with `NotFound` when the booking does
/// not exist.
pub async fn remind(c: &mut DbConnection, id: BookingId, today: Day, now: Timestamp) -> Result<(), BookingError> {
    let mut session = BuyerSession::lock_booking(c, id, now).await?;
    session.apply(id, &Command::Remind { today })?;
    session.finish(c).await
}
