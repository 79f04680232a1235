//! The calendar: each business day in India is opened once, and instalments fall overdue with it.

use super::account::Account;
use super::folder::Folder;
use crate::error::BookingError;
use crate::store::{bookings, calendar, instalments};
use chassis::events::outbox;
use db::DbConnection;
use domain::{BookingId, Timestamp};
use proto_events::booking::v1::DayStarted;

/// Opens every day from the one after the last opened to today; the very first time, today alone.
pub async fn open_days(c: &mut DbConnection, now: Timestamp) -> Result<(), BookingError> {
    let today = now.day();
    let mut day = calendar::last_day(c).await?.map_or(today, domain::Day::next);
    while day <= today {
        if calendar::open(c, day, now).await? {
            let begins = day.starts_at();
            let told = DayStarted { day: day.to_string(), started_at: begins.micros() };
            outbox::publish(c, day, begins, &told).await?;
        }
        day = day.next();
    }
    Ok(())
}

/// Some of the bookings with an instalment that is overdue and not known to be, in the order of ids after `after`.
pub async fn bookings_with_late_instalments(
    c: &mut DbConnection,
    now: Timestamp,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    Ok(instalments::bookings_with_late_ones(c, now.day(), after, limit).await?)
}

/// Brings a booking's instalments up to today; what is overdue now is told once.
pub async fn refresh_instalments(c: &mut DbConnection, id: BookingId, now: Timestamp) -> Result<(), BookingError> {
    let owner = bookings::owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, owner, now).await?;
    let mut folder = Folder::lock(c, id).await?;
    account.settle(c, &mut folder).await?;
    account.finish(c).await
}
