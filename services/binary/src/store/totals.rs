//! Totals of all pairs by month and status, and the position up to which pairs are included.

use super::pairs::{MonthSum, PairRow};
use crate::domain::PairStatus;
use crate::schema::{pair_totals, pair_totals_head, pairs};
use db::{DbConnection, LockExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Month};

const HEAD: i64 = 1;

/// Totals of one month and status.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = pair_totals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct TotalRow {
    pub month: Month,
    pub status: PairStatus,
    pub pairs: i64,
    pub gross_paise: Money,
    pub emi_deduction_paise: Money,
    pub reserve_deduction_paise: Money,
    pub available_paise: Money,
}

impl From<TotalRow> for MonthSum {
    fn from(row: TotalRow) -> Self {
        Self {
            month: row.month,
            status: row.status,
            pairs: row.pairs,
            gross: Some(row.gross_paise),
            emi_deduction: Some(row.emi_deduction_paise),
            reserve_deduction: Some(row.reserve_deduction_paise),
            available: Some(row.available_paise),
        }
    }
}

/// The last pair included, and the last void included (by entry and pair).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pair_totals_head, check_for_backend(db::MultiBackend))]
pub struct TotalsHead {
    pub made_ordinal: i64,
    pub voided_seq: i64,
    pub voided_ordinal: i64,
}

/// The position of the totals.
pub async fn load_head(c: &mut DbConnection) -> QueryResult<TotalsHead> {
    pair_totals_head::table.find(HEAD).select(TotalsHead::as_select()).first(c).await
}

/// Locks the position until the transaction ends, and returns it.
pub async fn lock_head(c: &mut DbConnection) -> QueryResult<TotalsHead> {
    pair_totals_head::table.find(HEAD).select(TotalsHead::as_select()).lock().get_result(c).await
}

/// Saves the position.
pub async fn update_head(c: &mut DbConnection, head: TotalsHead) -> QueryResult<()> {
    diesel::update(pair_totals_head::table.find(HEAD))
        .set((
            pair_totals_head::made_ordinal.eq(head.made_ordinal),
            pair_totals_head::voided_seq.eq(head.voided_seq),
            pair_totals_head::voided_ordinal.eq(head.voided_ordinal),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// All totals.
pub async fn list_all(c: &mut DbConnection) -> QueryResult<Vec<TotalRow>> {
    pair_totals::table.select(TotalRow::as_select()).load(c).await
}

/// Inserts or replaces totals.
pub async fn save(c: &mut DbConnection, rows: Vec<TotalRow>) -> QueryResult<()> {
    let key = &[pair_totals::month::NAME, pair_totals::status::NAME];
    let sums = &[
        pair_totals::pairs::NAME,
        pair_totals::gross_paise::NAME,
        pair_totals::emi_deduction_paise::NAME,
        pair_totals::reserve_deduction_paise::NAME,
        pair_totals::available_paise::NAME,
    ];
    upsert_many(c, pair_totals::table, rows, key, sums).await
}

/// Pairs voided after the position: the remaining ones of its entry, or else those of later entries. Ordered by entry
/// and ordinal.
pub async fn list_voided_after(c: &mut DbConnection, head: TotalsHead, limit: i64) -> QueryResult<Vec<PairRow>> {
    let of_entry = pairs::table
        .filter(pairs::voided_seq.eq(head.voided_seq))
        .filter(pairs::ordinal.gt(head.voided_ordinal))
        .order(pairs::ordinal)
        .limit(limit);
    let rows: Vec<PairRow> = of_entry.select(PairRow::as_select()).load(c).await?;
    if !rows.is_empty() {
        return Ok(rows);
    }
    let later = pairs::table.filter(pairs::voided_seq.gt(head.voided_seq));
    let later = later.order((pairs::voided_seq, pairs::ordinal)).limit(limit);
    later.select(PairRow::as_select()).load(c).await
}
