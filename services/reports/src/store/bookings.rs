//! Bookings, as booking last told.

use super::{Replaced, rollups};
use crate::domain::BookingStatus;
use crate::domain::rollup::Noun;
use crate::schema::bookings;
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

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

pub async fn put(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<Vec<Replaced<Booking>>> {
    keep_highest!(c, rows, Booking of bookings by booking_id, set user_id, status, price_paise, booked_on)
}

/// How many a member has by status: their own rows, by an index.
pub async fn by_status(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<(BookingStatus, i64)>> {
    bookings::table
        .filter(bookings::user_id.eq(user))
        .group_by(bookings::status)
        .select((bookings::status, count_star()))
        .load(c)
        .await
}

/// How many were made on each day of a range, whatever became of them, and their prices.
pub async fn made(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, i64, Money)>> {
    let days = rollups::by_day(c, Noun::BookingMade, from, to).await?;
    Ok(days
        .into_iter()
        .map(|(day, _, sums)| {
            let [price, ..] = sums.amounts();
            (day, sums.facts, price)
        })
        .collect())
}
