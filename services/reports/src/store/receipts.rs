//! Money received and given back: payments, refunds, and captures that no booking could take.

use super::rollups::{self, unreadable};
use crate::domain::rollup::{Noun, Sums};
use crate::domain::{ReceiptKind, fact};
use crate::schema::receipts;
use db::{AnyOfExt, DbConnection, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PaymentMethod, UserId};

domain::id_type! {
    /// A payment's, a refund's or a return's own id.
    FactId,
}

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct Receipt {
    pub fact_id: FactId,
    pub kind: ReceiptKind,
    pub user_id: UserId,
    /// Not known of a return.
    pub method: Option<PaymentMethod>,
    pub amount_paise: Money,
    pub happened_on: Day,
}

/// Stores those that are new, and returns them.
pub async fn add(c: &mut DbConnection, rows: &[Receipt]) -> QueryResult<Vec<Receipt>> {
    add_new!(c, rows, receipts by fact_id, kind)
}

/// How much a member's receipts come to by kind and method: their own rows, by an index.
pub async fn sums(
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

pub type Daily = (Day, ReceiptKind, Option<PaymentMethod>, i64, Money);

/// How many and how much on each day of a range, by kind and method.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    let days = rollups::by_day(c, Noun::Receipt, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let (kind, method) = fact::receipt_of(&part).map_err(unreadable)?;
        let [amount, ..] = sums.amounts();
        Ok((day, kind, method, sums.facts, amount))
    };
    days.into_iter().map(figure).collect()
}
