//! Sums of members by the day they joined.

use crate::domain::filter::ReportFilters;
use crate::domain::{BookingStatus, ReceiptKind};
use crate::schema::{bookings, members, placements, receipts, wallets};
use db::{DbConnection, MultiBackend, sum_i64};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PaymentMethod, Role};

type Days = (Day, Day);

/// The members who joined within the days, joined with another table.
macro_rules! joined_members {
    ($from:expr, $days:expr) => {
        $from.filter(members::joined_on.between($days.0, $days.1)).filter(members::role.eq(Role::User))
    };
}

/// Narrows a query to members of the filter's city.
macro_rules! in_city {
    ($query:expr, $filters:expr) => {{
        let query = $query.into_boxed::<MultiBackend>();
        match &$filters.city {
            Some(city) => query.filter(members::city.eq(city)),
            None => query,
        }
    }};
}

/// Counts those who joined and those who were referred, by day and whether they are Active Buyers.
pub async fn joined(
    c: &mut DbConnection,
    days: Days,
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, bool, i64, i64)>> {
    let query = joined_members!(members::table, days)
        .group_by((members::joined_on, members::is_active_buyer))
        .select((members::joined_on, members::is_active_buyer, count_star(), count(members::referrer_id.nullable())));
    in_city!(query, filters).load(c).await
}

/// Counts those who are placed in the tree.
pub async fn placed(c: &mut DbConnection, days: Days, filters: &ReportFilters) -> QueryResult<Vec<(Day, i64)>> {
    let placed = members::table.inner_join(placements::table.on(placements::user_id.eq(members::user_id)));
    let query = joined_members!(placed, days).group_by(members::joined_on).select((members::joined_on, count_star()));
    in_city!(query, filters).load(c).await
}

/// Counts those who have a booking in one of these statuses; in any without statuses.
pub async fn with_booking(
    c: &mut DbConnection,
    days: Days,
    filters: &ReportFilters,
    statuses: &[BookingStatus],
) -> QueryResult<Vec<(Day, i64)>> {
    let buyers = members::table.inner_join(bookings::table.on(bookings::user_id.eq(members::user_id)));
    let query = joined_members!(buyers, days)
        .filter(bookings::status.eq_any(statuses))
        .group_by(members::joined_on)
        .select((members::joined_on, count(members::user_id).aggregate_distinct()));
    in_city!(query, filters).load(c).await
}

/// Sums what they paid themselves and what was refunded to them.
pub async fn paid(
    c: &mut DbConnection,
    days: Days,
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, ReceiptKind, Money)>> {
    let own: Vec<PaymentMethod> = PaymentMethod::ALL.iter().copied().filter(|m| m.is_paid_by_member()).collect();
    let payers = members::table.inner_join(receipts::table.on(receipts::user_id.eq(members::user_id)));
    let query = joined_members!(payers, days)
        .filter(receipts::method.eq_any(own))
        .group_by((members::joined_on, receipts::kind))
        .select((members::joined_on, receipts::kind, sum_i64(receipts::amount_paise)));
    let rows: Vec<(Day, ReceiptKind, Option<Money>)> = in_city!(query, filters).load(c).await?;
    Ok(rows.into_iter().map(|(day, kind, sum)| (day, kind, sum.unwrap_or_default())).collect())
}

/// Sums what they earned.
pub async fn earned(c: &mut DbConnection, days: Days, filters: &ReportFilters) -> QueryResult<Vec<(Day, Money)>> {
    let earners = members::table.inner_join(wallets::table.on(wallets::user_id.eq(members::user_id)));
    let query = joined_members!(earners, days)
        .group_by(members::joined_on)
        .select((members::joined_on, sum_i64(wallets::total_earned_paise)));
    let rows: Vec<(Day, Option<Money>)> = in_city!(query, filters).load(c).await?;
    Ok(rows.into_iter().map(|(day, sum)| (day, sum.unwrap_or_default())).collect())
}
