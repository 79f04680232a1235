//! Refunds.

use crate::domain::refund::{RefundActor, Resolution};
use crate::domain::{GatewayName, RefundId, RefundStatus, RefundTo};
use crate::schema::{payments, refunds};
use db::{AnyOfExt, DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};

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
    /// How often the gateway was asked.
    pub attempts: i64,
    pub requested_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    pub refused: bool,
    /// What went back at the source without a refund of the gateway that shows it.
    pub confirmed_paise: Money,
    /// What the wallet was credited with.
    pub credited_paise: Money,
    pub unknown_since: Option<Timestamp>,
    pub next_attempt_at: Timestamp,
    pub requested_by: RefundActor,
    /// What one member of staff proposes, all or nothing of it; another one carries it out.
    pub proposed_resolution: Option<Resolution>,
    pub proposed_reference: Option<String>,
    pub proposed_reason: Option<String>,
    pub proposed_by: Option<UserId>,
    pub proposed_at: Option<Timestamp>,
}

pub async fn insert(c: &mut DbConnection, refund: &Refund) -> QueryResult<()> {
    diesel::insert_into(refunds::table).values(refund).execute(c).await.map(drop)
}

pub async fn save(c: &mut DbConnection, refund: &Refund) -> QueryResult<()> {
    diesel::update(refunds::table.find(refund.id)).set(refund).execute(c).await.map(drop)
}

pub async fn lock(c: &mut DbConnection, id: RefundId) -> QueryResult<Refund> {
    refunds::table.find(id).select(Refund::as_select()).lock().get_result(c).await
}

pub async fn find(c: &mut DbConnection, id: RefundId) -> QueryResult<Option<Refund>> {
    refunds::table.find(id).select(Refund::as_select()).first(c).await.optional()
}

pub async fn of_payment(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Refund>> {
    refunds::table.filter(refunds::payment_id.eq(id)).select(Refund::as_select()).first(c).await.optional()
}

/// The refund of a payment, locked until the transaction ends.
pub async fn lock_of_payment(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Refund>> {
    let of_payment = refunds::table.filter(refunds::payment_id.eq(id)).select(Refund::as_select());
    of_payment.lock().get_result(c).await.optional()
}

pub async fn of_payments(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<Refund>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    refunds::table.filter(refunds::payment_id.any_of(ids)).select(Refund::as_select()).load(c).await
}

/// Refunds, newest first, before `before`.
pub async fn page(
    c: &mut DbConnection,
    status: Option<RefundStatus>,
    before: Option<RefundId>,
    limit: i64,
) -> QueryResult<Vec<Refund>> {
    let mut query = refunds::table
        .select(Refund::as_select())
        .order(refunds::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(status) = status {
        query = query.filter(refunds::status.eq(status));
    }
    if let Some(before) = before {
        query = query.filter(refunds::id.lt(before));
    }
    query.load(c).await
}

/// Refunds that a gateway has to be asked about at `now`, those that are due longest first.
pub async fn due(c: &mut DbConnection, gateway: GatewayName, now: Timestamp, limit: i64) -> QueryResult<Vec<RefundId>> {
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

/// How many refunds were sent and have an unknown outcome.
pub async fn count_unknown(c: &mut DbConnection) -> QueryResult<i64> {
    let sent = refunds::table.filter(refunds::status.eq(RefundStatus::Sent));
    sent.filter(refunds::unknown_since.is_not_null()).count().get_result(c).await
}
