//! Completed payments with the numbers by which staff find them.

use crate::schema::numbered_receipts;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, UserId};
use std::collections::BTreeMap;

/// A payment whose receipt has a number.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = numbered_receipts, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct NumberedReceipt {
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub receipt_number: String,
    /// Empty where no gateway took the payment.
    pub gateway_payment_id: String,
    /// Number of the bank transfer or of the cash receipt; empty without one.
    pub reference: String,
    pub amount_paise: Money,
}

/// Stores those that are new and returns their ids.
pub async fn insert_new(c: &mut DbConnection, rows: &[NumberedReceipt]) -> QueryResult<Vec<PaymentId>> {
    let mut new: BTreeMap<PaymentId, NumberedReceipt> =
        rows.iter().rev().map(|row| (row.payment_id, row.clone())).collect();
    let ids: Vec<PaymentId> = new.keys().copied().collect();
    for known in list(c, &ids).await? {
        new.remove(&known.payment_id);
    }
    let ids = new.keys().copied().collect();
    insert_many(c, numbered_receipts::table, new.into_values()).await?;
    Ok(ids)
}

/// Lists these payments.
pub async fn list(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<Vec<NumberedReceipt>> {
    use numbered_receipts as t;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    t::table.filter(t::payment_id.any_of(ids)).select(NumberedReceipt::as_select()).load(c).await
}

list_ids!(numbered_receipts by payment_id: PaymentId);
