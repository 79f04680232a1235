//! Payments.

use crate::domain::{GatewayName, PaymentStatus};
use crate::schema::payments;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, PaymentMethod, ReserveId, Timestamp, UserId};

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
    pub reference: Option<String>,
    #[diesel(skip_update)]
    pub gateway: Option<GatewayName>,
    pub gateway_order_id: Option<String>,
    pub gateway_payment_id: Option<String>,
    /// The booking, while this is its open online order.
    pub open_order_of: Option<BookingId>,
    #[diesel(skip_update)]
    pub reserve_id: Option<ReserveId>,
    pub plan_version: Option<i64>,
    #[diesel(skip_update)]
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// When it failed, was superseded or was refunded.
    pub closed_at: Option<Timestamp>,
    /// When money that came for it and could not be applied was sent to the payer's wallet.
    pub returned_at: Option<Timestamp>,
}

/// Which payments a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub booking_id: Option<BookingId>,
    pub status: Option<PaymentStatus>,
}

pub async fn insert(c: &mut DbConnection, payment: &Payment) -> QueryResult<()> {
    diesel::insert_into(payments::table).values(payment).execute(c).await.map(drop)
}

pub async fn insert_all(c: &mut DbConnection, payments: Vec<Payment>) -> QueryResult<()> {
    insert_many(c, payments::table, payments).await.map(drop)
}

/// Saves what may change of a payment.
pub async fn save(c: &mut DbConnection, payment: &Payment) -> QueryResult<()> {
    diesel::update(payments::table.find(payment.id)).set(payment).execute(c).await.map(drop)
}

/// What may change of one.
const CHANGING: [&str; 10] = [
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

/// [`save`] for several payments, which all exist.
pub async fn save_all(c: &mut DbConnection, payments: Vec<Payment>) -> QueryResult<()> {
    upsert_many(c, payments::table, payments, &[payments::id::NAME], &CHANGING).await
}

pub async fn find(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).first(c).await.optional()
}

/// The payment a gateway's order was made for.
pub async fn of_order(c: &mut DbConnection, gateway: GatewayName, order_id: &str) -> QueryResult<Option<Payment>> {
    Ok(of_orders(c, gateway, &[order_id]).await?.pop())
}

/// The payments these orders of a gateway were made for.
pub async fn of_orders(c: &mut DbConnection, gateway: GatewayName, orders: &[&str]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::gateway.eq(gateway))
        .filter(payments::gateway_order_id.any_of(orders))
        .select(Payment::as_select())
        .load(c)
        .await
}

/// The payment an order was made for, locked: where the order is being noted, this waits until it is.
pub async fn lock_of_order(c: &mut DbConnection, gateway: GatewayName, order_id: &str) -> QueryResult<Option<Payment>> {
    payments::table
        .filter(payments::gateway.eq(gateway))
        .filter(payments::gateway_order_id.eq(order_id))
        .select(Payment::as_select())
        .lock()
        .get_result(c)
        .await
        .optional()
}

pub async fn lock(c: &mut DbConnection, id: PaymentId) -> QueryResult<Payment> {
    payments::table.find(id).select(Payment::as_select()).lock().get_result(c).await
}

/// The pending and the completed payments of these bookings, oldest first. The bookings are locked, so nobody adds one
/// meanwhile. There are few of them; superseded orders may be many.
pub async fn lock_open_of(c: &mut DbConnection, bookings: &[BookingId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.any_of(bookings))
        .filter(payments::status.any_of(&[PaymentStatus::Pending, PaymentStatus::Completed]))
        .order(payments::id)
        .select(Payment::as_select())
        .lock()
        .get_results(c)
        .await
}

/// When a booking's online orders after `since` were made, newest first.
pub async fn orders_since(
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

pub async fn page(
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

/// Online orders opened from `after` to `before` and never answered by their gateway, oldest first.
pub async fn orders_open_since(
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
    if let Some((made, id)) = after {
        let later = payments::created_at.eq(made).and(payments::id.gt(id));
        query = query.filter(payments::created_at.gt(made).or(later));
    }
    query.load(c).await
}
