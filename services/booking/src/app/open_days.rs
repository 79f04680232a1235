//! Business calendar: opens each Indian business day once and marks instalments overdue.

use super::buyer_session::BuyerSession;
use super::outgoing_events;
use crate::domain::aggregate::{BookingEvent, Command};
use crate::error::BookingError;
use crate::store::{calendar, instalments};
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// Opens every day after the last opened one up to today, and publishes `DayStarted` for each. The first run opens
/// today only.
pub async fn open_days(c: &mut DbConnection, now: Timestamp) -> Result<(), BookingError> {
    let today = now.day();
    let mut day = calendar::find_last_day(c).await?.map_or(today, domain::Day::next);
    while day <= today {
        if calendar::open(c, day, now).await? {
            outgoing_events::publish(c, &[BookingEvent::DayStarted(day)]).await?;
        }
        day = day.next();
    }
    Ok(())
}

/// Lists bookings with an overdue instalment that is not marked so yet, by id, after `after`.
pub async fn list_bookings_with_overdue_instalments(
    c: &mut DbConnection,
    now: Timestamp,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    Ok(instalments::list_bookings_with_overdue(c, now.day(), after, limit).await?)
}

/// Updates a booking's instalments to today. Each instalment that became overdue is announced once. Errors with
/// `NotFound` when the booking does not exist.
pub async fn refresh_instalments(c: &mut DbConnection, id: BookingId, now: Timestamp) -> Result<(), BookingError> {
    let mut session = BuyerSession::lock_booking(c, id, now).await?;
    session.apply(id, &Command::Refresh)?;
    session.finish(c).await
}
