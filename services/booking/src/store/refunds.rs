//! Queries of the table `refunds`.

use crate::domain::refund::{RefundActor, Resolution};
use crate::domain::{GatewayName, RefundId, RefundStatus, RefundTo};
use crate::schema::{payments, refunds};
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, insert_many, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};

/// A refund of a payment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = refunds, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub amount_paise: Money,
    pub refund_to: RefundTo,
    pub status: RefundStatus,
    pub reason: String,
    pub gateway_refund_id: Option<String>,
    /// Number of calls to the gateway.
    pub attempts: i64,
    pub requested_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    pub refused: bool,
    /// Amount that staff confirmed as refunded at the source.
    pub confirmed_paise: Money,
    /// Amount credited to the wallet.
    pub credited_paise: Money,
    pub unknown_since: Option<Timestamp>,
    pub next_attempt_at: Timestamp,
    pub requested_by: RefundActor,
    /// The proposal of a member of staff, which another one approves. All five columns or none are set.
    pub proposed_resolution: Option<Resolution>,
    pub proposed_reference: Option<String>,
    pub proposed_reason: Option<String>,
    pub proposed_by: Option<UserId>,
    pub proposed_at: Option<Timestamp>,
}

/// Inserts refunds.
pub async fn insert_all(c: &mut DbConnection, refunds: Vec<Refund>) -> QueryResult<()> {
    insert_many(c, refunds::table, refunds).await.map(drop)
}

/// Saves a refund.
pub async fn save(c: &mut DbConnection, refund: &Refund) -> QueryResult<()> {
    diesel::update(refunds::table.find(refund.id)).set(refund).execute(c).await.map(drop)
}

/// Locks a refund until the transaction ends. Errors with `NotFound` when it does not exist.
pub async fn lock(c: &mut DbConnection, id: RefundId) -> QueryResult<Refund> {
    refunds::table.find(id).select(Refund::as_select()).lock().get_result(c).await
}

/// The refund with this id.
pub async fn find(c: &mut DbConnection, id: RefundId) -> QueryResult<Option<Refund>> {
    refunds::table.find(id).select(Refund::as_select()).first(c).await.optional()
}

/// The refund of a payment.
pub async fn find_for_payment(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Refund>> {
    refunds::table.filter(refunds::payment_id.eq(id)).select(Refund::as_select()).first(c).await.optional()
}

/// Locks the refund of a payment until the transaction ends.
pub async fn lock_for_payment(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Refund>> {
    let of_payment = refunds::table.filter(refunds::payment_id.eq(id)).select(Refund::as_select());
    of_payment.lock().get_result(c).await.optional()
}

/// The refunds of these payments.
pub async fn list_for_payments(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<Refund>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    refunds::table.filter(refunds::payment_id.any_of(ids)).select(Refund::as_select()).load(c).await
}

/// Refunds by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    status: Option<RefundStatus>,
    order: SortOrder,
    after: Option<RefundId>,
    limit: i64,
) -> QueryResult<Vec<Refund>> {
    let query = refunds::table.select(Refund::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, refunds::id, after);
    if let Some(status) = status {
        query = query.filter(refunds::status.eq(status));
    }
    query.load(c).await
}

/// Refunds of a gateway with an attempt due at `now`, the most overdue first.
pub async fn list_due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<RefundId>> {
    refunds::table
        .inner_join(payments::table)
        .filter(refunds::status.any_of(&[RefundStatus::Requested, RefundStatus::Sent]))
        .filter(refunds::next_attempt_at.le(now))
        .filter(payments::gateway.eq(gateway))
        .order(refunds::next_attempt_at)
        .limit(limit)
        .select(refunds::id)
        .load(c)
        .await
}

/// The number of sent refunds with an unknown outcome.
pub async fn count_unknown(c: &mut DbConnection) -> QueryResult<i64> {
    let sent = refunds::table.filter(refunds::status.eq(RefundStatus::Sent));
    sent.filter(refunds::unknown_since.is_not_null()).count().get_result(c).await
}
