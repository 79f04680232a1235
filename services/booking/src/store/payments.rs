//! Queries of the table `payments`.

use crate::domain::aggregate::Payment;
use crate::domain::{GatewayName, PaymentStatus};
use crate::schema::payments;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, insert_many, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, PaymentMethod, ReserveId, Timestamp, UserId};

row!(PaymentRow of Payment in payments key(id) {
    fixed {
        id: PaymentId,
        booking_id: BookingId,
        user_id: UserId,
        amount_paise: Money,
        method: PaymentMethod,
        gateway: Option<GatewayName>,
        reserve_id: Option<ReserveId>,
        created_at: Timestamp,
    }
    changing {
        status: PaymentStatus,
        reason: String,
        reference: Option<String>,
        gateway_order_id: Option<String>,
        gateway_payment_id: Option<String>,
        open_order_of: Option<BookingId>,
        plan_version: Option<i64>,
        completed_at: Option<Timestamp>,
        closed_at: Option<Timestamp>,
        returned_at: Option<Timestamp>,
        needs_receipt: bool,
        receipt_year: Option<String>,
        receipt_number: Option<i64>,
    }
});

/// Filter of the list of payments.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub booking_id: Option<BookingId>,
    pub status: Option<PaymentStatus>,
    pub methods: Option<Vec<PaymentMethod>>,
    /// Started from this time on.
    pub from: Option<Timestamp>,
    /// Started until this time, inclusive.
    pub until: Option<Timestamp>,
}

/// Key of the list of payments, and the one after which a page begins.
#[derive(Debug, Clone, Copy)]
pub enum ListKey {
    Id { after: Option<PaymentId> },
    Time { after: Option<(Timestamp, PaymentId)> },
}

/// Inserts payments.
pub async fn insert_all(c: &mut DbConnection, payments: &[&Payment]) -> QueryResult<()> {
    insert_many(c, payments::table, payments.iter().copied().map(PaymentRow::from)).await.map(drop)
}

/// Saves existing payments.
pub async fn save_all(c: &mut DbConnection, payments: &[&Payment]) -> QueryResult<()> {
    if let [only] = *payments {
        let row = PaymentRow::from(only);
        return diesel::update(payments::table.find(only.id)).set(row).execute(c).await.map(drop);
    }
    let rows = payments.iter().copied().map(PaymentRow::from);
    upsert_many(c, payments::table, rows, PaymentRow::KEY, PaymentRow::CHANGING).await
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

/// The pending and completed payments of a booking, oldest first.
pub async fn list_open(c: &mut DbConnection, booking_id: BookingId) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.eq(booking_id))
        .filter(payments::status.any_of(&[PaymentStatus::Pending, PaymentStatus::Completed]))
        .order(payments::id)
        .select(Payment::as_select())
        .load(c)
        .await
}

/// Creation times of the pending payments of these methods, oldest first.
pub async fn list_pending_times(
    c: &mut DbConnection,
    methods: &[PaymentMethod],
    limit: i64,
) -> QueryResult<Vec<Timestamp>> {
    payments::table
        .filter(payments::status.eq(PaymentStatus::Pending))
        .filter(payments::method.any_of(methods))
        .order(payments::created_at)
        .limit(limit)
        .select(payments::created_at)
        .load(c)
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

/// Locks payments whose receipts have no number yet, in the order of their completion.
pub async fn lock_without_receipt(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::needs_receipt.eq(true))
        .order((payments::completed_at, payments::id))
        .limit(limit)
        .select(Payment::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Payments with a receipt of this year after the number `after`, in the order of their numbers.
pub async fn list_by_receipt(c: &mut DbConnection, year: &str, after: i64, limit: i64) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::receipt_year.eq(year))
        .filter(payments::receipt_number.gt(after))
        .order(payments::receipt_number)
        .limit(limit)
        .select(Payment::as_select())
        .load(c)
        .await
}

/// All payments of these bookings, newest first.
pub async fn list_for_bookings(c: &mut DbConnection, bookings: &[BookingId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.any_of(bookings))
        .order(payments::id.desc())
        .select(Payment::as_select())
        .load(c)
        .await
}

/// The completed payments of these bookings, in the order of their completion.
pub async fn list_completed(c: &mut DbConnection, bookings: &[BookingId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.any_of(bookings))
        .filter(payments::status.eq(PaymentStatus::Completed))
        .order((payments::completed_at, payments::id))
        .select(Payment::as_select())
        .load(c)
        .await
}

/// Payments by a key.
pub async fn list(
    c: &mut DbConnection,
    filter: &Filter,
    (key, order): (ListKey, SortOrder),
    limit: i64,
) -> QueryResult<Vec<Payment>> {
    let query = payments::table.select(Payment::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = match key {
        ListKey::Id { after } => keyset!(query, order, payments::id, after),
        ListKey::Time { after } => keyset!(query, order, (payments::created_at, payments::id), after),
    };
    if let Some(user_id) = filter.user_id {
        query = query.filter(payments::user_id.eq(user_id));
    }
    if let Some(booking_id) = filter.booking_id {
        query = query.filter(payments::booking_id.eq(booking_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(payments::status.eq(status));
    }
    if let Some(methods) = &filter.methods {
        query = query.filter(payments::method.any_of(methods));
    }
    if let Some(from) = filter.from {
        query = query.filter(payments::created_at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(payments::created_at.le(until));
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
        .filter(payments::method.eq(PaymentMethod::Online))
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
