//! Queries of the table `bookings`.

use crate::domain::aggregate::Booking;
use crate::domain::stock::StockUse;
use crate::domain::{BookingStatus, DocumentId, VehicleId};
use crate::schema::bookings;
use db::{AnyOfExt, Count, DbConnection, LockExt, SortOrder, Version, inserted, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::gst::StateCode;
use domain::{BookingId, Day, Money, Timestamp, UserId};

row!(BookingRow of Booking in bookings key(id) {
    fixed {
        id: BookingId,
        number: String,
        user_id: UserId,
        vehicle_id: VehicleId,
        vehicle: String,
        price_paise: Money,
        booking_amount_paise: Money,
        place_of_supply: Option<StateCode>,
        created_at: Timestamp,
    }
    changing {
        total_paid_paise: Money,
        status: BookingStatus,
        emi_months: u32 as Count,
        emi_principal_paise: Money,
        version: u64 as Version,
        reason: String,
        confirmed_at: Option<Timestamp>,
        changed_at: Timestamp,
        stock_use: StockUse,
        delivered_on: Option<Day>,
        vehicle_number: Option<String>,
        delivery_document_id: Option<DocumentId>,
    }
});

/// Filter of the list of bookings.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub status: Option<BookingStatus>,
    pub number: Option<String>,
}

/// Inserts a booking. False when its number is in use.
pub async fn insert(c: &mut DbConnection, booking: &Booking) -> QueryResult<bool> {
    inserted(diesel::insert_into(bookings::table).values(BookingRow::from(booking)).execute(c).await)
}

/// Saves existing bookings.
pub async fn save_all(c: &mut DbConnection, bookings: &[&Booking]) -> QueryResult<()> {
    if let [only] = *bookings {
        let row = BookingRow::from(only);
        return diesel::update(bookings::table.find(only.id)).set(row).execute(c).await.map(drop);
    }
    let rows = bookings.iter().copied().map(BookingRow::from);
    upsert_many(c, bookings::table, rows, BookingRow::KEY, BookingRow::CHANGING).await
}

/// The booking with this id.
pub async fn find(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).first(c).await.optional()
}

/// The bookings with these ids.
pub async fn list_by_ids(c: &mut DbConnection, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    bookings::table.filter(bookings::id.any_of(ids)).select(Booking::as_select()).load(c).await
}

/// The booking's owner, which never changes and so may be read before anything is locked.
pub async fn find_owner(c: &mut DbConnection, id: BookingId) -> QueryResult<Option<UserId>> {
    bookings::table.find(id).select(bookings::user_id).first(c).await.optional()
}

/// Locks and returns the delivered booking of this vehicle, so that two deliveries of one vehicle come one after another.
pub async fn lock_delivered(c: &mut DbConnection, vehicle_number: &str) -> QueryResult<Option<BookingId>> {
    let delivered = bookings::table
        .filter(bookings::vehicle_number.eq(vehicle_number))
        .filter(bookings::status.eq(BookingStatus::Delivered));
    let found: Vec<BookingId> = delivered.select(bookings::id).limit(1).lock().get_results(c).await?;
    Ok(found.into_iter().next())
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

/// Bookings by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    filter: Filter,
    order: SortOrder,
    after: Option<BookingId>,
    limit: i64,
) -> QueryResult<Vec<Booking>> {
    let query = bookings::table.select(Booking::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, bookings::id, after);
    if let Some(user_id) = filter.user_id {
        query = query.filter(bookings::user_id.eq(user_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(bookings::status.eq(status));
    }
    if let Some(number) = filter.number {
        query = query.filter(bookings::number.eq(number));
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
