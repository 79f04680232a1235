//! Bookings, each in its latest version.

use super::{Replaced, rollups};
use crate::domain::BookingStatus;
use crate::domain::rollup::RollupKind;
use crate::schema::bookings;
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

/// A booking in its latest version.
#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Booking {
    pub booking_id: BookingId,
    pub version: i64,
    pub user_id: UserId,
    pub status: BookingStatus,
    pub price_paise: Money,
    pub booked_on: Day,
}

/// Stores the bookings that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<Vec<Replaced<Booking>>> {
    upsert_newer!(c, rows, Booking of bookings by booking_id, set user_id, status, price_paise, booked_on)
}

/// Counts a member's bookings by status.
pub async fn count_by_status(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<(BookingStatus, i64)>> {
    bookings::table
        .filter(bookings::user_id.eq(user))
        .group_by(bookings::status)
        .select((bookings::status, count_star()))
        .load(c)
        .await
}

/// Lists per day of a range the count of bookings made, in any status, and the sum of their prices.
pub async fn booked_per_day(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, i64, Money)>> {
    let days = rollups::load_per_day(c, RollupKind::BookingMade, from, to).await?;
    Ok(days
        .into_iter()
        .map(|(day, _, sums)| {
            let [price, ..] = sums.amounts();
            (day, sums.facts, price)
        })
        .collect())
}
