//! Payments the tree has heard of.

use crate::schema::payments;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, UserId};
use uuid::Uuid;

domain::id_type! {
    /// Of one refund, made by booking.
    RefundId,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Payment {
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount_paise: Money,
    /// Whether it is the member's own money; an EMI deduction is not.
    pub is_counted: bool,
    pub refund_id: Option<RefundId>,
}

impl Payment {
    pub fn cause(&self) -> Uuid {
        self.payment_id.uuid()
    }
}

pub async fn find_all(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<Payment>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    payments::table.filter(payments::payment_id.any_of(ids)).select(Payment::as_select()).load(c).await
}

pub async fn insert(c: &mut DbConnection, rows: Vec<Payment>) -> QueryResult<()> {
    insert_many(c, payments::table, rows).await.map(drop)
}

pub async fn set_refund(c: &mut DbConnection, id: PaymentId, refund: RefundId) -> QueryResult<()> {
    diesel::update(payments::table.find(id)).set(payments::refund_id.eq(Some(refund))).execute(c).await.map(drop)
}

/// In the order of their ids.
pub async fn page(c: &mut DbConnection, after: Option<PaymentId>, limit: i64) -> QueryResult<Vec<Payment>> {
    let mut query = payments::table
        .order(payments::payment_id)
        .limit(limit)
        .select(Payment::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(payments::payment_id.gt(after));
    }
    query.load(c).await
}
