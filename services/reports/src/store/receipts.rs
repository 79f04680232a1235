//! Receipts: payments, refunds, and returns of money that could not be booked.

use super::rollups::{self, deserialization_error};
use crate::domain::rollup::{RollupKind, Sums};
use crate::domain::{ReceiptKind, fact};
use crate::schema::receipts;
use db::{AnyOfExt, DbConnection, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PaymentMethod, UserId};

domain::id_type! {
    /// Id of a payment, refund or return.
    FactId,
}

/// A payment, refund or return.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct Receipt {
    pub fact_id: FactId,
    pub kind: ReceiptKind,
    pub user_id: UserId,
    /// `None` for a return.
    pub method: Option<PaymentMethod>,
    pub amount_paise: Money,
    pub happened_on: Day,
}

/// Stores the receipts that are new and returns them.
pub async fn insert_new(c: &mut DbConnection, rows: &[Receipt]) -> QueryResult<Vec<Receipt>> {
    insert_new!(c, rows, receipts by fact_id, kind)
}

/// Sums a member's receipts by kind and method.
pub async fn sums_for_member(
    c: &mut DbConnection,
    user: UserId,
) -> QueryResult<Vec<(ReceiptKind, Option<PaymentMethod>, Option<Money>)>> {
    receipts::table
        .filter(receipts::user_id.eq(user))
        .group_by((receipts::kind, receipts::method))
        .select((receipts::kind, receipts::method, sum_i64(receipts::amount_paise)))
        .load(c)
        .await
}

/// Day, kind, method, count and sum of receipts.
pub type ReceiptsPerDay = (Day, ReceiptKind, Option<PaymentMethod>, i64, Money);

/// Lists count and sum of the receipts per day of a range, kind and method.
pub async fn per_day(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<ReceiptsPerDay>> {
    let days = rollups::load_per_day(c, RollupKind::Receipt, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let (kind, method) = fact::parse_receipt_part(&part).map_err(deserialization_error)?;
        let [amount, ..] = sums.amounts();
        Ok((day, kind, method, sums.facts, amount))
    };
    days.into_iter().map(figure).collect()
}
