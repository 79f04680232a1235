//! Queries of the table `instalments`.

use crate::domain::{BookingStatus, InstalmentStatus};
use crate::schema::{bookings, instalments};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, Timestamp};

/// An instalment of an EMI schedule.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = instalments, primary_key(booking_id, n), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Instalment {
    pub booking_id: BookingId,
    /// From 1.
    pub n: i64,
    pub due_on: Option<Day>,
    pub amount_paise: Money,
    pub paid_paise: Money,
    pub status: InstalmentStatus,
    /// When `EmiOverdue` was published for it.
    pub noticed_at: Option<Timestamp>,
}

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

/// Inserts instalments.
pub async fn insert(c: &mut DbConnection, rows: Vec<Instalment>) -> QueryResult<()> {
    insert_many(c, instalments::table, rows).await.map(drop)
}

/// Saves an instalment.
pub async fn save(c: &mut DbConnection, row: &Instalment) -> QueryResult<()> {
    diesel::update(instalments::table.find((row.booking_id, row.n))).set(row).execute(c).await.map(drop)
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
