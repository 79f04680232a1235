//! Table of the tax in the amounts of receipts, written once for each receipt.

use crate::schema::receipt_taxes;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::gst::{GstLine, Gstin, HsnCode, StateCode};
use domain::{Money, PaymentId};

/// Tax in the amount of a receipt. Its parts add up to the amount.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipt_taxes, check_for_backend(db::MultiBackend))]
pub struct ReceiptTax {
    pub payment_id: PaymentId,
    /// Of the company.
    pub gstin: Gstin,
    pub hsn: HsnCode,
    /// A percentage.
    pub gst_rate: String,
    pub place_of_supply: StateCode,
    pub taxable_paise: Money,
    pub cgst_paise: Money,
    pub sgst_paise: Money,
    pub igst_paise: Money,
}

impl ReceiptTax {
    pub fn new(payment_id: PaymentId, line: GstLine) -> Self {
        Self {
            payment_id,
            gstin: line.gstin,
            hsn: line.hsn,
            gst_rate: line.rate.to_string(),
            place_of_supply: line.place_of_supply,
            taxable_paise: line.split.taxable,
            cgst_paise: line.split.cgst,
            sgst_paise: line.split.sgst,
            igst_paise: line.split.igst,
        }
    }
}

/// Inserts the tax of receipts.
pub async fn insert_all(c: &mut DbConnection, taxes: Vec<ReceiptTax>) -> QueryResult<()> {
    insert_many(c, receipt_taxes::table, taxes).await.map(drop)
}

/// The tax of the receipt of a payment, if it has any.
pub async fn find(c: &mut DbConnection, payment_id: PaymentId) -> QueryResult<Option<ReceiptTax>> {
    receipt_taxes::table.find(payment_id).select(ReceiptTax::as_select()).first(c).await.optional()
}

/// The tax of the receipts of these payments.
pub async fn list_for_payments(c: &mut DbConnection, payments: &[PaymentId]) -> QueryResult<Vec<ReceiptTax>> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    receipt_taxes::table
        .filter(receipt_taxes::payment_id.any_of(payments))
        .select(ReceiptTax::as_select())
        .load(c)
        .await
}
