//! Completed payments with the numbers by which staff find them.

use crate::schema::numbered_receipts;
use db::{AnyOfExt, DbConnection};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, UserId};

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

/// Stores those that are new and returns them.
pub async fn insert_new(c: &mut DbConnection, rows: &[NumberedReceipt]) -> QueryResult<Vec<NumberedReceipt>> {
    insert_new!(c, rows, numbered_receipts by payment_id)
}

searched_rows!(NumberedReceipt of numbered_receipts by payment_id: PaymentId);
