//! Refunds.

use crate::domain::{RefundId, RefundStatus, RefundTo};
use crate::schema::refunds;
use db::{DbConnection, LockExt};
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
    pub attempts: i64,
    pub requested_at: Timestamp,
    pub settled_at: Option<Timestamp>,
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

pub async fn of_payment(c: &mut DbConnection, id: PaymentId) -> QueryResult<Option<Refund>> {
    refunds::table.filter(refunds::payment_id.eq(id)).select(Refund::as_select()).first(c).await.optional()
}

pub async fn of_payments(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<Refund>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    refunds::table.filter(refunds::payment_id.eq_any(ids)).select(Refund::as_select()).load(c).await
}

/// Refunds a gateway has not answered yet, oldest first.
pub async fn requested(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Refund>> {
    refunds::table
        .filter(refunds::status.eq(RefundStatus::Requested))
        .order((refunds::attempts, refunds::requested_at))
        .limit(limit)
        .select(Refund::as_select())
        .load(c)
        .await
}
