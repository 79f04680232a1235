//! Payments known to the tree.

use super::journal::CauseId;
use crate::schema::payments;
use db::{AnyOfExt, DbConnection, insert_many, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, UserId};

domain::id_type! {
    /// Id of one refund, created by booking.
    RefundId,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PaymentRow {
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount_paise: Money,
    /// Whether the member paid it and it counts for the tree; an EMI deduction does not.
    pub is_counted: bool,
    pub refund_id: Option<RefundId>,
}

impl PaymentRow {
    /// The cause id of the input for this payment.
    pub fn cause_id(&self) -> CauseId {
        self.payment_id.uuid().into()
    }
}

/// The known ones of these payments.
pub async fn find_all(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<PaymentRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    payments::table.filter(payments::payment_id.any_of(ids)).select(PaymentRow::as_select()).load(c).await
}

/// Inserts new payments.
pub async fn insert(c: &mut DbConnection, rows: Vec<PaymentRow>) -> QueryResult<()> {
    insert_many(c, payments::table, rows).await.map(drop)
}

/// Saves the refunds of existing payments.
pub async fn save_refunds(c: &mut DbConnection, rows: Vec<PaymentRow>) -> QueryResult<()> {
    upsert_many(c, payments::table, rows, &[payments::payment_id::NAME], &[payments::refund_id::NAME]).await
}

/// Payments after one id, ordered by id.
pub async fn list(c: &mut DbConnection, after: Option<PaymentId>, limit: i64) -> QueryResult<Vec<PaymentRow>> {
    let mut query = payments::table
        .order(payments::payment_id)
        .limit(limit)
        .select(PaymentRow::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(payments::payment_id.gt(after));
    }
    query.load(c).await
}
