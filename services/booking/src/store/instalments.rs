//! Queries of the table `instalments`.

use crate::domain::aggregate::Instalment;
use crate::domain::{BookingStatus, InstalmentStatus, ReminderKind};
use crate::schema::{bookings, instalments};
use db::{AnyOfExt, Count, DbConnection, SortOrder, insert_many, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, Timestamp};

row!(InstalmentRow of Instalment in instalments key(booking_id, n) {
    fixed {
        booking_id: BookingId,
        n: u32 as Count,
        amount_paise: Money,
    }
    changing {
        due_on: Option<Day>,
        paid_paise: Money,
        status: InstalmentStatus,
        noticed_at: Option<Timestamp>,
        reminded: Option<ReminderKind>,
    }
});

/// A booking's instalments, in order.
pub async fn list_for_booking(c: &mut DbConnection, booking_id: BookingId) -> QueryResult<Vec<Instalment>> {
    instalments::table
        .filter(instalments::booking_id.eq(booking_id))
        .order(instalments::n)
        .select(Instalment::as_select())
        .load(c)
        .await
}

/// The instalments of several bookings, in order.
pub async fn list_for_bookings(c: &mut DbConnection, bookings: &[BookingId]) -> QueryResult<Vec<Instalment>> {
    instalments::table
        .filter(instalments::booking_id.any_of(bookings))
        .order((instalments::booking_id, instalments::n))
        .select(Instalment::as_select())
        .load(c)
        .await
}

/// Instalments with this status that are due in the range, by due date and booking, after `after`.
pub async fn list_by_status(
    c: &mut DbConnection,
    status: InstalmentStatus,
    (from, until): (Option<Day>, Option<Day>),
    order: SortOrder,
    after: Option<(Day, BookingId)>,
    limit: i64,
) -> QueryResult<Vec<Instalment>> {
    let rows = instalments::table.filter(instalments::status.eq(status)).filter(instalments::due_on.is_not_null());
    let query = rows.select(Instalment::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, (instalments::due_on, instalments::booking_id), after);
    if let Some(from) = from {
        query = query.filter(instalments::due_on.ge(from));
    }
    if let Some(until) = until {
        query = query.filter(instalments::due_on.le(until));
    }
    query.load(c).await
}

/// Inserts instalments.
pub async fn insert_all(c: &mut DbConnection, instalments: &[&Instalment]) -> QueryResult<()> {
    insert_many(c, instalments::table, instalments.iter().copied().map(InstalmentRow::from)).await.map(drop)
}

/// Saves existing instalments.
pub async fn save_all(c: &mut DbConnection, instalments: &[&Instalment]) -> QueryResult<()> {
    let rows = instalments.iter().copied().map(InstalmentRow::from);
    upsert_many(c, instalments::table, rows, InstalmentRow::KEY, InstalmentRow::CHANGING).await
}

/// Confirmed bookings with an instalment that was due before `today` and is not marked overdue yet, by id, after
/// `after`.
pub async fn list_bookings_with_overdue(
    c: &mut DbConnection,
    today: Day,
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<BookingId>> {
    let mut query = instalments::table
        .inner_join(bookings::table)
        .filter(instalments::status.eq(InstalmentStatus::Pending))
        .filter(instalments::due_on.lt(today))
        .filter(bookings::status.eq(BookingStatus::Confirmed))
        .select(instalments::booking_id)
        .distinct()
        .order(instalments::booking_id)
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(instalments::booking_id.gt(after));
    }
    query.load(c).await
}

/// Confirmed bookings with a pending instalment of which the member is to be reminded: one that is due after `today` and
/// until `until` without any reminder, or one that is due today without the reminder of this day. By id, after `after`.
pub async fn list_bookings_to_remind(
    c: &mut DbConnection,
    (today, until): (Day, Day),
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<BookingId>> {
    let was_ahead = instalments::reminded.eq(ReminderKind::Ahead).and(instalments::due_on.eq(today));
    let was_not = instalments::reminded.is_null().and(instalments::due_on.between(today, until));
    let mut query = instalments::table
        .inner_join(bookings::table)
        .filter(instalments::status.eq(InstalmentStatus::Pending))
        .filter(was_ahead.or(was_not))
        .filter(bookings::status.eq(BookingStatus::Confirmed))
        .select(instalments::booking_id)
        .distinct()
        .order(instalments::booking_id)
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(instalments::booking_id.gt(after));
    }
    query.load(c).await
}
