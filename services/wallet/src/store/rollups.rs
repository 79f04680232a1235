//! The rollup: the total of every account up to a position of the postings.

use super::closings::Totals;
use crate::domain::Account;
use crate::schema::{account_rollups, postings};
use db::{DbConnection, LockExt, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Money;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = account_rollups, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct RollupRow {
    account: Account,
    total_paise: Money,
    position: i64,
}

/// The sums of all postings up to a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollup {
    pub position: i64,
    pub totals: Totals,
}

impl From<Vec<RollupRow>> for Rollup {
    /// The rows are written together, so all have the same position.
    fn from(rows: Vec<RollupRow>) -> Self {
        let position = rows.as_slice().first().map_or(0, |row| row.position);
        Self { position, totals: rows.into_iter().map(|row| (row.account, row.total_paise)).collect() }
    }
}

/// The rollup; empty, at position 0, when there is none.
pub async fn load(c: &mut DbConnection) -> QueryResult<Rollup> {
    let rows: Vec<RollupRow> =
        account_rollups::table.order(account_rollups::account).select(RollupRow::as_select()).load(c).await?;
    Ok(rows.into())
}

/// The rollup, locked.
pub async fn lock(c: &mut DbConnection) -> QueryResult<Rollup> {
    let rows: Vec<RollupRow> =
        account_rollups::table.order(account_rollups::account).select(RollupRow::as_select()).lock().load(c).await?;
    Ok(rows.into())
}

/// Saves the rollup.
pub async fn save(c: &mut DbConnection, rollup: &Rollup) -> QueryResult<()> {
    let position = rollup.position;
    let row = |(account, total): (&Account, &Money)| RollupRow { account: *account, total_paise: *total, position };
    let rows: Vec<RollupRow> = rollup.totals.iter().map(row).collect();
    upsert_many(c, account_rollups::table, rows, &["account"], &["total_paise", "position"]).await
}

/// Sums by account of the postings after position `after`, up to `until` if it is given.
pub async fn sum_by_account(
    c: &mut DbConnection,
    after: i64,
    until: Option<i64>,
) -> QueryResult<Vec<(Account, Money)>> {
    let mut query = postings::table
        .group_by(postings::account)
        .filter(postings::position.gt(after))
        .select((postings::account, sum_i64(postings::amount_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(until) = until {
        query = query.filter(postings::position.le(until));
    }
    let rows: Vec<(Account, Option<Money>)> = query.load(c).await?;
    Ok(rows.into_iter().map(|(account, sum)| (account, sum.unwrap_or_default())).collect())
}
