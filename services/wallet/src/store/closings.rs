//! Closings: the total of every account at past instants. Rows are only added.

use crate::domain::Account;
use crate::schema::closings;
use db::{DbConnection, insert_new};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp};
use std::collections::BTreeMap;

/// Totals by account.
pub type Totals = BTreeMap<Account, Money>;

#[derive(Insertable)]
#[diesel(table_name = closings, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct ClosingRow {
    closed_at: Timestamp,
    account: Account,
    total_paise: Money,
}

/// The time of the last closing, of those until `until`.
pub async fn find_last(c: &mut DbConnection, until: Option<Timestamp>) -> QueryResult<Option<Timestamp>> {
    let mut query = closings::table.select(max(closings::closed_at)).into_boxed::<db::MultiBackend>();
    if let Some(until) = until {
        query = query.filter(closings::closed_at.le(until));
    }
    query.first(c).await
}

/// The time of the first closing after `after`.
pub async fn find_next(c: &mut DbConnection, after: Option<Timestamp>) -> QueryResult<Option<Timestamp>> {
    let mut query = closings::table.select(min(closings::closed_at)).into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(closings::closed_at.gt(after));
    }
    query.first(c).await
}

/// The totals of the closing at `closed_at`; empty when there is none.
pub async fn load_totals(c: &mut DbConnection, closed_at: Timestamp) -> QueryResult<Totals> {
    let rows: Vec<(Account, Money)> = closings::table
        .filter(closings::closed_at.eq(closed_at))
        .select((closings::account, closings::total_paise))
        .load(c)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Adds a closing; one that is stored already stays as it is.
pub async fn insert(c: &mut DbConnection, closed_at: Timestamp, totals: Totals) -> QueryResult<()> {
    let row = |(account, total_paise)| ClosingRow { closed_at, account, total_paise };
    let rows: Vec<ClosingRow> = totals.into_iter().map(row).collect();
    insert_new(c, closings::table, &rows).await.map(drop)
}
