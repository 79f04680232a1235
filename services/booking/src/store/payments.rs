//! Queries of the table `payments`.

use crate::domain::{GatewayName, PaymentStatus};
use crate::schema::payments;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, PaymentMethod, ReserveId, Timestamp, UserId};

/// A payment of a booking.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payments, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Payment {
    pub id: PaymentId,
    #[diesel(skip_update)]
    pub booking_id: BookingId,
    #[diesel(skip_update)]
    pub user_id: UserId,
    #[diesel(skip_update)]
    pub amount_paise: Money,
    #[diesel(skip_update)]
    pub method: PaymentMethod,
    pub status: PaymentStatus,
    pub reason: String,
    /// Number of the bank transfer or the cash receipt.
    pub reference: Option<String>,
    #[diesel(skip_update)]
    pub gateway: Option<GatewayName>,
    pub gateway_order_id: Option<String>,
    pub gateway_payment_id: Option<String>,
    /// The booking while this payment is its open online order; unique.
    pub open_order_of: Option<BookingId>,
    #[diesel(skip_update)]
    pub reserve_id: Option<ReserveId>,
    pub plan_version: Option<i64>,
    #[diesel(skip_update)]
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// When it failed, was superseded or was refunded.
    pub closed_at: Option<Timestamp>,
    /// When money received for it was returned to the payer's wallet.
    pub returned_at: Option<Timestamp>,
}

/// Filter of the list of payments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub booking_id: Option<BookingId>,
    pub status: Option<PaymentStatus>,
}

/// Inserts a payment.
pub async fn insert(c: &mut DbConnection, payment: &Payment) -> QueryResult<()> {
    diesel::insert_into(payments::table).values(payment).execute(c).await.map(drop)
}

/// Inserts several payments.
pub async fn insert_all(c: &mut DbConnection, payments: Vec<Payment>) -> QueryResult<()> {
    insert_many(c, payments::table, payments).await.map(drop)
}

/// Saves the columns that may change.
pub async fn save(c: &mut DbConnection, payment: &Payment) -> QueryResult<()> {
    diesel::update(payments::table.find(payment.id)).set(payment).execute(c).await.map(drop)
}

/// The columns that may change.
const UPDATED_COLUMNS: [&str; 10] = [
    payments::status::NAME,
    payments::reason::NAME,
    payments::reference::NAME,
    payments::gateway_order_id::NAME,
    payments::gateway_payment_id::NAME,
    payments::open_order_of::NAME,
    payments::plan_version::NAME,
    payments::completed_at::NAME,
    payments::closed_at::NAME,
    payments::returned_at::NAME,
];

/// As [`save`] for several existing payments.
pub async fn save_all(c: &mut DbConnection, payments: Vec<Payment>) -> QueryResult<()> {
    upsert_many(c, payments::table, payments, &[payments::id::NAME], &UPDATED_COLUMNS).await
}

/// The payment with this id.
pub async fn find(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).first(c).await.optional()
}

/// The payments with these ids.
pub async fn list_by_ids(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<Payment>> {
    payments::table.filter(payments::id.any_of(ids)).select(Payment::as_select()).load(c).await
}

/// The payment of a gateway's order.
pub async fn find_for_order(
    c: &mut DbConnection,
    gateway: GatewayName,
    order_id: &str,
) -> QueryResult<Option<Payment>> {
    Ok(list_for_orders(c, gateway, &[order_id]).await?.pop())
}

/// The payments of these orders of a gateway.
pub async fn list_for_orders(c: &mut DbConnection, gateway: GatewayName, orders: &[&str]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::gateway.eq(gateway))
        .filter(payments::gateway_order_id.any_of(orders))
        .select(Payment::as_select())
        .load(c)
        .await
}

/// Locks the payment of an order. Waits for a concurrent transaction that is storing the order.
pub async fn lock_for_order(
    c: &mut DbConnection,
    gateway: GatewayName,
    order_id: &str,
) -> QueryResult<Option<Payment>> {
    payments::table
        .filter(payments::gateway.eq(gateway))
        .filter(payments::gateway_order_id.eq(order_id))
        .select(Payment::as_select())
        .lock()
        .get_result(c)
        .await
        .optional()
}

/// Locks a payment until the transaction ends. Errors with `NotFound` when it does not exist.
pub async fn lock(c: &mut DbConnection, id: PaymentId) -> QueryResult<Payment> {
    payments::table.find(id).select(Payment::as_select()).lock().get_result(c).await
}

/// Locks the pending and completed payments of these bookings, oldest first. The bookings are locked already, so no
/// payment is added meanwhile. Superseded orders are left out because there may be many.
pub async fn lock_open_for_bookings(c: &mut DbConnection, bookings: &[BookingId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.any_of(bookings))
        .filter(payments::status.any_of(&[PaymentStatus::Pending, PaymentStatus::Completed]))
        .order(payments::id)
        .select(Payment::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Creation times of a booking's online orders after `since`, newest first.
pub async fn list_order_times_since(
    c: &mut DbConnection,
    booking_id: BookingId,
    since: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Timestamp>> {
    payments::table
        .filter(payments::booking_id.eq(booking_id))
        .filter(payments::created_at.gt(since))
        .filter(payments::method.eq(PaymentMethod::Online))
        .order(payments::created_at.desc())
        .limit(limit)
        .select(payments::created_at)
        .load(c)
        .await
}

/// Payments, newest first, after `after`.
pub async fn list(
    c: &mut DbConnection,
    filter: Filter,
    after: Option<PaymentId>,
    limit: i64,
) -> QueryResult<Vec<Payment>> {
    let mut query = payments::table
        .select(Payment::as_select())
        .order(payments::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(user_id) = filter.user_id {
        query = query.filter(payments::user_id.eq(user_id));
    }
    if let Some(booking_id) = filter.booking_id {
        query = query.filter(payments::booking_id.eq(booking_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(payments::status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(payments::id.lt(after));
    }
    query.load(c).await
}

/// Pending online orders created up to `before`, oldest first, after `after`.
pub async fn list_open_orders(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<(Timestamp, PaymentId)>,
    limit: i64,
) -> QueryResult<Vec<(PaymentId, BookingId, Timestamp)>> {
    let mut query = payments::table
        .filter(payments::status.eq(PaymentStatus::Pending))
        .filter(payments::created_at.le(before))
        .filter(payments::open_order_of.is_not_null())
        .select((payments::id, payments::booking_id, payments::created_at))
        .order((payments::created_at, payments::id))
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some((created_at, id)) = after {
        let later = payments::created_at.eq(created_at).and(payments::id.gt(id));
        query = query.filter(payments::created_at.gt(created_at).or(later));
    }
    query.load(c).await
}
