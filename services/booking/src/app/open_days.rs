//! Business calendar: opens each Indian business day once and marks instalments overdue.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use crate::error::BookingError;
use crate::store::{bookings, calendar, instalments};
use chassis::events::outbox;
use db::DbConnection;
use domain::{BookingId, Timestamp};
use proto_events::booking::v1::DayStarted;

/// Opens every day after the last opened one up to today, and publishes `DayStarted` for each. The first run opens
/// today only.
pub async fn open_days(c: &mut DbConnection, now: Timestamp) -> Result<(), BookingError> {
    let today = now.day();
    let mut day = calendar::find_last_day(c).await?.map_or(today, domain::Day::next);
    while day <= today {
        if calendar::open(c, day, now).await? {
            let starts_at = day.starts_at();
            let day_started = DayStarted { day: day.to_string(), started_at: starts_at.micros() };
            outbox::publish(c, day, starts_at, &day_started).await?;
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
    let owner = bookings::find_owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, owner, now).await?;
    let mut aggregate = BookingAggregate::lock(c, id).await?;
    member_lock.recalculate_and_save(c, &mut aggregate).await?;
    finish_change(c, member_lock).await
}
