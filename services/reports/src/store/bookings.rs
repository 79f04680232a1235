//! Bookings, as booking last told.

use crate::domain::BookingStatus;
use crate::schema::bookings;
use db::{DbConnection, LockExt, sum_i64};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false)]
pub struct Booking {
    pub booking_id: BookingId,
    pub version: i64,
    pub user_id: UserId,
    pub status: BookingStatus,
    pub price_paise: Money,
    pub booked_on: Day,
}

pub async fn put(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<()> {
    keep_highest!(c, rows, bookings by booking_id, set user_id, status, price_paise, booked_on)
}

/// How many there are by status, of one member or of everybody.
pub async fn by_status(c: &mut DbConnection, user: Option<UserId>) -> QueryResult<Vec<(BookingStatus, i64)>> {
    let mut query = bookings::table
        .group_by(bookings::status)
        .select((bookings::status, count_star()))
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(bookings::user_id.eq(user));
    }
    query.load(c).await
}

/// How many were made on each day of a range, whatever became of them, and their prices.
pub async fn made(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, i64, Option<Money>)>> {
    bookings::table
        .filter(bookings::booked_on.between(from, to))
        .group_by(bookings::booked_on)
        .select((bookings::booked_on, count_star(), sum_i64(bookings::price_paise)))
        .load(c)
        .await
}
