//! Queries of the table `bookings`.

use crate::domain::{BookingStatus, VehicleId};
use crate::schema::bookings;
use db::{AnyOfExt, DbConnection, LockExt, inserted, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, Timestamp, UserId};

/// A booking.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = bookings, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Booking {
    pub id: BookingId,
    #[diesel(skip_update)]
    pub number: String,
    #[diesel(skip_update)]
    pub user_id: UserId,
    #[diesel(skip_update)]
    pub vehicle_id: VehicleId,
    #[diesel(skip_update)]
    pub vehicle: String,
    #[diesel(skip_update)]
    pub price_paise: Money,
    #[diesel(skip_update)]
    pub booking_amount_paise: Money,
    /// The sum of the completed payments, recalculated with each of them.
    pub total_paid_paise: Money,
    pub status: BookingStatus,
    /// 0 without an EMI schedule.
    pub emi_months: i64,
    pub emi_principal_paise: Money,
    pub version: i64,
    pub reason: String,
    #[diesel(skip_update)]
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub changed_at: Timestamp,
}

/// Filter of the list of bookings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub status: Option<BookingStatus>,
}

/// Inserts a booking. False when its number is in use.
pub async fn insert(c: &mut DbConnection, booking: &Booking) -> QueryResult<bool> {
    inserted(diesel::insert_into(bookings::table).values(booking).execute(c).await)
}

/// Saves the columns that may change.
pub async fn save(c: &mut DbConnection, booking: &Booking) -> QueryResult<()> {
    diesel::update(bookings::table.find(booking.id)).set(booking).execute(c).await.map(drop)
}

/// The columns that may change.
const UPDATED_COLUMNS: [&str; 8] = [
    bookings::total_paid_paise::NAME,
    bookings::status::NAME,
    bookings::emi_months::NAME,
    bookings::emi_principal_paise::NAME,
    bookings::version::NAME,
    bookings::reason::NAME,
    bookings::confirmed_at::NAME,
    bookings::changed_at::NAME,
];

/// As [`save`] for several existing bookings.
pub async fn save_all(c: &mut DbConnection, bookings: Vec<Booking>) -> QueryResult<()> {
    upsert_many(c, bookings::table, bookings, &[bookings::id::NAME], &UPDATED_COLUMNS).await
}

/// The booking with this id.
pub async fn find(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).first(c).await.optional()
}

/// The booking's owner, which never changes and so may be read before anything is locked.
pub async fn find_owner(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<UserId>> {
    bookings::table.find(id).select(bookings::user_id).first(c).await.optional()
}

/// Locks a booking until the transaction ends. Errors with `NotFound` when it does not exist.
pub async fn lock(c: &mut DbConnection, id: BookingId) -> QueryResult<Booking> {
    bookings::table.find(id).select(Booking::as_select()).lock().get_result(c).await
}

/// Locks these bookings, by id.
pub async fn lock_all(c: &mut DbConnection, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::id.any_of(ids))
        .order(bookings::id)
        .select(Booking::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Locks every booking of these members, oldest first.
pub async fn lock_for_members(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::user_id.any_of(users))
        .order(bookings::id)
        .select(Booking::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Bookings, newest first, after `after`.
pub async fn list(
    c: &mut DbConnection,
    filter: Filter,
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<Booking>> {
    let mut query = bookings::table
        .select(Booking::as_select())
        .order(bookings::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(user_id) = filter.user_id {
        query = query.filter(bookings::user_id.eq(user_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(bookings::status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(bookings::id.lt(after));
    }
    query.load(c).await
}

/// Pre-booked bookings created up to `before` without a completed payment, by id, after `after`.
pub async fn list_unpaid_before(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<BookingId>> {
    let mut query = bookings::table
        .filter(bookings::status.eq(BookingStatus::PreBooked))
        .filter(bookings::total_paid_paise.eq(Money::ZERO))
        .filter(bookings::created_at.le(before))
        .select(bookings::id)
        .order(bookings::id)
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(bookings::id.gt(after));
    }
    query.load(c).await
}
