//! Bookings, each in its latest version.

use super::{Replaced, rollups};
use crate::domain::rollup::RollupKind;
use crate::domain::{BookingStatus, Instalment};
use crate::schema::bookings;
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

/// A booking in its latest version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Booking {
    pub booking_id: BookingId,
    pub version: i64,
    pub user_id: UserId,
    pub status: BookingStatus,
    pub price_paise: Money,
    pub booked_on: Day,
    /// Empty in a row of an older version.
    pub number: String,
    /// Number of the next unpaid instalment; `None` without one, like the columns below.
    pub next_n: Option<i64>,
    pub next_due_on: Option<Day>,
    pub next_amount_paise: Option<Money>,
    /// Part of the amount that is paid.
    pub next_paid_paise: Option<Money>,
}

/// Stores the bookings that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<Vec<Replaced<Booking>>> {
    upsert_newer!(
        c, rows, Booking of bookings by booking_id,
        set user_id, status, price_paise, booked_on, number, next_n, next_due_on, next_amount_paise, next_paid_paise
    )
}

/// Finds the unpaid instalment that is due first of all bookings of a member, with its booking's id and number.
pub async fn find_next_instalment(
    c: &mut DbConnection,
    user: UserId,
) -> QueryResult<Option<(BookingId, String, Instalment)>> {
    use bookings as t;
    let row: Option<(BookingId, String, i64, Day, Money, Money)> = t::table
        .filter(t::user_id.eq(user))
        .filter(t::status.eq(BookingStatus::Confirmed))
        .filter(t::next_due_on.is_not_null())
        .order((t::next_due_on, t::booking_id))
        .limit(1)
        .select((
            t::booking_id,
            t::number,
            t::next_n.assume_not_null(),
            t::next_due_on.assume_not_null(),
            t::next_amount_paise.assume_not_null(),
            t::next_paid_paise.assume_not_null(),
        ))
        .first(c)
        .await
        .optional()?;
    Ok(row.map(|(booking, number, n, due_on, amount, paid)| (booking, number, Instalment { n, due_on, amount, paid })))
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
