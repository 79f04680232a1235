//! Bookings, each in its latest version.

use super::{Replaced, rollups};
use crate::domain::filter::{ReportFilters, VehicleId};
use crate::domain::rollup::RollupKind;
use crate::domain::{BookingStatus, Instalment};
use crate::schema::{bookings, members};
use db::{AnyOfExt, DbConnection, MultiBackend, sum_i64};
use diesel::dsl::{count_star, exists};
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
    /// `None` in a row of an older version.
    pub vehicle_id: Option<VehicleId>,
    /// As [`crate::domain::instalment::format_unpaid`] formats them.
    pub unpaid_instalments: Option<String>,
    /// Name of the vehicle; empty in a row of an older version.
    pub vehicle: String,
}

/// A booking as staff find it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = bookings, check_for_backend(db::MultiBackend))]
pub struct NumberedBooking {
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub number: String,
    pub vehicle: String,
}

/// Stores the bookings that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<Vec<Replaced<Booking>>> {
    upsert_newer!(
        c, rows, Booking of bookings by booking_id,
        set user_id, status, price_paise, booked_on, number, next_n, next_due_on, next_amount_paise, next_paid_paise,
            vehicle_id, unpaid_instalments, vehicle
    )
}

searched_rows!(NumberedBooking of bookings by booking_id: BookingId);

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
pub async fn booked_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, i64, Money)>> {
    if !filters.is_empty() {
        return booked_facts_per_day(c, (from, to), filters).await;
    }
    let days = rollups::load_per_day(c, RollupKind::BookingMade, from, to).await?;
    Ok(days
        .into_iter()
        .map(|(day, _, sums)| {
            let [price, ..] = sums.amounts();
            (day, sums.facts, price)
        })
        .collect())
}

async fn booked_facts_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, i64, Money)>> {
    use bookings as t;
    let mut query = t::table
        .filter(t::booked_on.between(from, to))
        .group_by(t::booked_on)
        .select((t::booked_on, count_star(), sum_i64(t::price_paise)))
        .into_boxed::<MultiBackend>();
    if let Some(vehicle) = filters.vehicle {
        query = query.filter(t::vehicle_id.eq(Some(vehicle)));
    }
    if let Some(status) = filters.booking_status {
        query = query.filter(t::status.eq(status));
    }
    if let Some(city) = &filters.city {
        let buyer = members::table.filter(members::user_id.eq(t::user_id));
        query = query.filter(exists(buyer.filter(members::city.eq(city))));
    }
    let days: Vec<(Day, i64, Option<Money>)> = query.load(c).await?;
    Ok(days.into_iter().map(|(day, count, price)| (day, count, price.unwrap_or_default())).collect())
}

/// Unpaid instalments of up to `limit` bookings that follow `after` in the order of ids, for a rebuild.
pub async fn list_unpaid(
    c: &mut DbConnection,
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<(BookingId, Option<String>)>> {
    use bookings as t;
    let mut query = t::table
        .order(t::booking_id)
        .limit(limit)
        .select((t::booking_id, t::unpaid_instalments))
        .into_boxed::<MultiBackend>();
    if let Some(after) = after {
        query = query.filter(t::booking_id.gt(after));
    }
    query.load(c).await
}
