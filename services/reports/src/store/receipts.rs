//! Money received and given back: payments, refunds, and captures that no booking could take.

use crate::domain::ReceiptKind;
use crate::schema::receipts;
use db::{DbConnection, sum_i64, upsert_many};
use diesel::dsl::count_star;
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

pub async fn add(c: &mut DbConnection, rows: &[Receipt]) -> QueryResult<()> {
    upsert_many(c, receipts::table, rows.to_vec(), &[receipts::fact_id::NAME, receipts::kind::NAME], &[]).await
}

/// How much by kind and method, of one member or of everybody.
pub async fn sums(
    c: &mut DbConnection,
    user: Option<UserId>,
) -> QueryResult<Vec<(ReceiptKind, Option<PaymentMethod>, Option<Money>)>> {
    let mut query = receipts::table
        .group_by((receipts::kind, receipts::method))
        .select((receipts::kind, receipts::method, sum_i64(receipts::amount_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(receipts::user_id.eq(user));
    }
    query.load(c).await
}

pub type Daily = (Day, ReceiptKind, Option<PaymentMethod>, i64, Option<Money>);

/// How many and how much on each day of a range, by kind and method.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    receipts::table
        .filter(receipts::happened_on.between(from, to))
        .group_by((receipts::happened_on, receipts::kind, receipts::method))
        .select((
            receipts::happened_on,
            receipts::kind,
            receipts::method,
            count_star(),
            sum_i64(receipts::amount_paise),
        ))
        .load(c)
        .await
}
