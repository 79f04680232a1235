//! Bookings.

use crate::domain::{BookingStatus, VehicleId};
use crate::schema::bookings;
use db::{AnyOfExt, DbConnection, LockExt, inserted, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, Timestamp, UserId};

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
    /// The sum of its completed payments; written with them, never added to.
    pub total_paid_paise: Money,
    pub status: BookingStatus,
    /// 0 without an EMI.
    pub emi_months: i64,
    pub emi_principal_paise: Money,
    pub version: i64,
    pub reason: String,
    #[diesel(skip_update)]
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub changed_at: Timestamp,
}

/// Which bookings a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub status: Option<BookingStatus>,
}

/// False where the number is taken already.
pub async fn insert(c: &mut DbConnection, booking: &Booking) -> QueryResult<bool> {
    inserted(diesel::insert_into(bookings::table).values(booking).execute(c).await)
}

/// Saves what may change of a booking.
pub async fn save(c: &mut DbConnection, booking: &Booking) -> QueryResult<()> {
    diesel::update(bookings::table.find(booking.id)).set(booking).execute(c).await.map(drop)
}

/// What may change of one.
const CHANGING: [&str; 8] = [
    bookings::total_paid_paise::NAME,
    bookings::status::NAME,
    bookings::emi_months::NAME,
    bookings::emi_principal_paise::NAME,
    bookings::version::NAME,
    bookings::reason::NAME,
    bookings::confirmed_at::NAME,
    bookings::changed_at::NAME,
];

/// [`save`] for several bookings, which all exist.
pub async fn save_all(c: &mut DbConnection, bookings: Vec<Booking>) -> QueryResult<()> {
    upsert_many(c, bookings::table, bookings, &[bookings::id::NAME], &CHANGING).await
}

pub async fn find(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).first(c).await.optional()
}

/// Whose it is: known before anything is locked, because it never changes.
pub async fn owner(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<UserId>> {
    bookings::table.find(id).select(bookings::user_id).first(c).await.optional()
}

pub async fn lock(c: &mut DbConnection, id: BookingId) -> QueryResult<Booking> {
    bookings::table.find(id).select(Booking::as_select()).lock().get_result(c).await
}

/// These bookings in the order of their ids, locked.
pub async fn lock_all(c: &mut DbConnection, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::id.any_of(ids))
        .order(bookings::id)
        .select(Booking::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Every booking of these members, oldest first, locked.
pub async fn lock_all_of(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::user_id.any_of(users))
        .order(bookings::id)
        .select(Booking::as_select())
        .lock()
        .get_results(c)
        .await
}

pub async fn page(
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

/// Bookings that were made before `before` and have received nothing, after `after` in the order of ids.
pub async fn unpaid_since(
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
