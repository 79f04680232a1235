//! Pairs and the decision about each.

use crate::domain::PairStatus;
use crate::schema::pairs;
use db::{AnyOfExt, DbConnection, SortOrder, insert_many, keyset, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Month, Timestamp};

/// Pairs in one UPDATE at most.
const MAX_PAIRS_PER_UPDATE: usize = 500;

/// One pair.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = pairs, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PairRow {
    pub ordinal: i64,
    pub earner_node: i64,
    pub number: i64,
    pub left_node: i64,
    pub right_node: i64,
    pub period: i64,
    pub slot: Option<i64>,
    pub month: Month,
    pub status: PairStatus,
    pub earner_active_buyer: bool,
    pub plan_version: i64,
    pub gross_paise: Money,
    pub emi_deduction_paise: Money,
    pub reserve_deduction_paise: Money,
    pub available_paise: Money,
    pub matched_seq: i64,
    pub matched_at: Timestamp,
    pub voided_seq: Option<i64>,
    pub voided_at: Option<Timestamp>,
}

/// Sums of the pairs of one month and status, of one earner or of all. `None`: no rows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct MonthSum {
    pub month: Month,
    pub status: PairStatus,
    pub pairs: i64,
    pub gross: Option<Money>,
    pub emi_deduction: Option<Money>,
    pub reserve_deduction: Option<Money>,
    pub available: Option<Money>,
}

/// Inserts new pairs.
pub async fn insert(c: &mut DbConnection, rows: Vec<PairRow>) -> QueryResult<()> {
    insert_many(c, pairs::table, rows).await.map(drop)
}

/// The pairs that use one of these members and were outstanding after entry `seq`.
pub async fn list_outstanding(c: &mut DbConnection, members: &[i64], seq: i64) -> QueryResult<Vec<PairRow>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    // Two statements, each with its own index; MySQL plans an OR badly.
    let outstanding = || {
        let made = pairs::table.select(PairRow::as_select()).filter(pairs::matched_seq.le(seq));
        made.filter(pairs::voided_seq.is_null().or(pairs::voided_seq.gt(seq)))
    };
    let mut rows: Vec<PairRow> = outstanding().filter(pairs::left_node.any_of(members)).load(c).await?;
    let right: Vec<PairRow> = outstanding().filter(pairs::right_node.any_of(members)).load(c).await?;
    rows.extend(right);
    Ok(rows)
}

/// Earner, number, left and right of the pairs made up to entry `from` and voided after it, up to entry `to`.
pub async fn list_voided_between(c: &mut DbConnection, from: i64, to: i64) -> QueryResult<Vec<(i64, i64, i64, i64)>> {
    pairs::table
        .filter(pairs::voided_seq.gt(from))
        .filter(pairs::voided_seq.le(to))
        .filter(pairs::matched_seq.le(from))
        .select((pairs::earner_node, pairs::number, pairs::left_node, pairs::right_node))
        .load(c)
        .await
}

/// Pairs voided by an entry after `from`, up to `to`, ordered by ordinal.
pub async fn list_voided_by(c: &mut DbConnection, from: i64, to: i64) -> QueryResult<Vec<PairRow>> {
    let rows = pairs::table.filter(pairs::voided_seq.gt(from)).filter(pairs::voided_seq.le(to));
    rows.order(pairs::ordinal).select(PairRow::as_select()).load(c).await
}

/// A pair voided by the latest entry that voided any; `None` when no pair is voided.
pub async fn find_last_voided(c: &mut DbConnection) -> QueryResult<Option<PairRow>> {
    let voided = pairs::table.filter(pairs::voided_seq.is_not_null());
    voided.order(pairs::voided_seq.desc()).select(PairRow::as_select()).first(c).await.optional()
}

/// One pair. Errors with `NotFound` when it is missing.
pub async fn load(c: &mut DbConnection, earner: i64, number: i64) -> QueryResult<PairRow> {
    let one = pairs::table.filter(pairs::earner_node.eq(earner)).filter(pairs::number.eq(number));
    one.select(PairRow::as_select()).first(c).await
}

/// Pairs after ordinal `after` up to ordinal `last`, ordered by ordinal.
pub async fn list_between(c: &mut DbConnection, after: i64, last: i64) -> QueryResult<Vec<PairRow>> {
    let rows = pairs::table.filter(pairs::ordinal.gt(after)).filter(pairs::ordinal.le(last));
    rows.order(pairs::ordinal).select(PairRow::as_select()).load(c).await
}

/// Pairs after one ordinal, ordered by ordinal.
pub async fn list_after(c: &mut DbConnection, ordinal: i64, limit: i64) -> QueryResult<Vec<PairRow>> {
    let rows = pairs::table.filter(pairs::ordinal.gt(ordinal)).order(pairs::ordinal).limit(limit);
    rows.select(PairRow::as_select()).load(c).await
}

/// Marks pairs as voided by entry `seq`.
pub async fn void(c: &mut DbConnection, ordinals: &[i64], seq: i64, at: Timestamp) -> QueryResult<()> {
    for ordinals in ordinals.chunks(MAX_PAIRS_PER_UPDATE) {
        diesel::update(pairs::table.filter(pairs::ordinal.any_of(ordinals)))
            .set((pairs::status.eq(PairStatus::Voided), pairs::voided_seq.eq(Some(seq)), pairs::voided_at.eq(Some(at))))
            .execute(c)
            .await?;
    }
    Ok(())
}

/// Conditions of a list of pairs; `None` for no condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairQuery {
    pub earner: Option<i64>,
    pub month: Option<Month>,
    pub status: Option<PairStatus>,
}

/// First and last ordinal of the pairs of a month, which follow each other; `None` when there are none.
async fn find_ordinals_of(c: &mut DbConnection, month: Month) -> QueryResult<Option<(i64, i64)>> {
    let of_month = || pairs::table.filter(pairs::month.eq(month)).select(pairs::ordinal);
    let first: Option<i64> = of_month().order(pairs::ordinal).first(c).await.optional()?;
    let last: Option<i64> = of_month().order(pairs::ordinal.desc()).first(c).await.optional()?;
    Ok(first.zip(last))
}

/// Pairs: of one earner by number, of all earners by ordinal.
pub async fn list(
    c: &mut DbConnection,
    conditions: &PairQuery,
    order: SortOrder,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<PairRow>> {
    let PairQuery { earner, month, status } = *conditions;
    let mut query = pairs::table.select(PairRow::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    if let Some(status) = status {
        query = query.filter(pairs::status.eq(status));
    }
    if let Some(earner) = earner {
        query = query.filter(pairs::earner_node.eq(earner));
        if let Some(month) = month {
            query = query.filter(pairs::month.eq(month));
        }
        return keyset!(query, order, pairs::number, after).load(c).await;
    }
    if let Some(month) = month {
        // The ordinals of the month, so that the index of the status serves both conditions.
        let Some((first, last)) = find_ordinals_of(c, month).await? else { return Ok(Vec::new()) };
        query = query.filter(pairs::ordinal.ge(first)).filter(pairs::ordinal.le(last));
    }
    keyset!(query, order, pairs::ordinal, after).load(c).await
}

/// Sums of one earner's pairs, by month and status.
pub async fn list_month_sums(c: &mut DbConnection, earner: i64) -> QueryResult<Vec<MonthSum>> {
    let sums = (
        pairs::month,
        pairs::status,
        diesel::dsl::count_star(),
        sum_i64(pairs::gross_paise),
        sum_i64(pairs::emi_deduction_paise),
        sum_i64(pairs::reserve_deduction_paise),
        sum_i64(pairs::available_paise),
    );
    let grouped = pairs::table.group_by((pairs::month, pairs::status)).select(sums);
    grouped.filter(pairs::earner_node.eq(earner)).load(c).await
}
