//! Table of TDS records: deductions and their reversals.

use crate::schema::tds_records;
use db::{AnyOfExt, DbConnection, SortOrder, keyset, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{FinancialYear, Money, PayoutId, Quarter, Timestamp, UserId};
use std::collections::BTreeSet;

domain::id_type! { TdsRecordId }

/// Tax deducted from one payout, or its reversal.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tds_records, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct TdsRecord {
    pub id: TdsRecordId,
    pub payout_id: PayoutId,
    /// The bank returned the payout; amounts are negative.
    pub reversal: bool,
    pub user_id: UserId,
    pub financial_year: FinancialYear,
    pub quarter: Quarter,
    pub rule_id: String,
    pub section: String,
    pub rate: String,
    pub gross_paise: Money,
    pub paid_before_paise: Money,
    pub tds_paise: Money,
    pub pan_sealed: Vec<u8>,
    pub pan_index: Vec<u8>,
    pub pan_mask: String,
    pub holder_name: String,
    /// Time of the deduction or of the return; determines the year and the quarter.
    pub deducted_at: Timestamp,
    /// For a reversal: the time of the reversed deduction.
    pub reverses_at: Option<Timestamp>,
}

/// Inserts the records that are the first deduction or the first reversal of their payout.
pub async fn insert_new(c: &mut DbConnection, records: &[TdsRecord]) -> QueryResult<()> {
    db::insert_new(c, tds_records::table, records).await.map(drop)
}

/// Lists the records of a year by id: of one member or of all, starting after the id `after`.
pub async fn list(
    c: &mut DbConnection,
    user: Option<UserId>,
    year: FinancialYear,
    order: SortOrder,
    after: Option<TdsRecordId>,
    limit: i64,
) -> QueryResult<Vec<TdsRecord>> {
    let query = tds_records::table.filter(tds_records::financial_year.eq(year)).limit(limit);
    let query = query.select(TdsRecord::as_select()).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, tds_records::id, after);
    if let Some(user) = user {
        query = query.filter(tds_records::user_id.eq(user));
    }
    query.load(c).await
}

/// Sums gross and tax of a year: of one member or of all.
pub async fn totals(c: &mut DbConnection, user: Option<UserId>, year: FinancialYear) -> QueryResult<(Money, Money)> {
    let mut query = tds_records::table
        .filter(tds_records::financial_year.eq(year))
        .select((sum_i64(tds_records::gross_paise), sum_i64(tds_records::tds_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(tds_records::user_id.eq(user));
    }
    let (gross, tds): (Option<Money>, Option<Money>) = query.first(c).await?;
    Ok((gross.unwrap_or_default(), tds.unwrap_or_default()))
}

/// Sums of a member's records in each financial year that has any, newest year first: year, gross and tax.
pub async fn list_year_totals(
    c: &mut DbConnection,
    user: UserId,
) -> QueryResult<Vec<(FinancialYear, Option<Money>, Option<Money>)>> {
    use tds_records as t;
    t::table
        .filter(t::user_id.eq(user))
        .group_by(t::financial_year)
        .order(t::financial_year.desc())
        .select((t::financial_year, sum_i64(t::gross_paise), sum_i64(t::tds_paise)))
        .load(c)
        .await
}

/// Lists all records of a member in a year, oldest first.
pub async fn list_for_year(c: &mut DbConnection, user: UserId, year: FinancialYear) -> QueryResult<Vec<TdsRecord>> {
    tds_records::table
        .filter(tds_records::user_id.eq(user))
        .filter(tds_records::financial_year.eq(year))
        .order((tds_records::deducted_at, tds_records::id))
        .select(TdsRecord::as_select())
        .load(c)
        .await
}

/// Lists a page of a quarter's records of all members, starting after the record `after`: by PAN index, section and id.
pub async fn list_for_quarter(
    c: &mut DbConnection,
    (year, quarter): (FinancialYear, Quarter),
    after: Option<&TdsRecord>,
    limit: i64,
) -> QueryResult<Vec<TdsRecord>> {
    use tds_records as t;
    let mut query = t::table
        .filter(t::financial_year.eq(year))
        .filter(t::quarter.eq(quarter))
        .order((t::pan_index, t::section, t::id))
        .limit(limit)
        .select(TdsRecord::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(TdsRecord { pan_index: pan, section, id, .. }) = after {
        let same_line = t::section.eq(section).and(t::id.gt(*id));
        let same_pan = t::pan_index.eq(pan).and(t::section.gt(section).or(same_line));
        // The first condition is redundant, but without it neither database seeks into the index.
        query = query.filter(t::pan_index.ge(pan)).filter(t::pan_index.gt(pan).or(same_pan));
    }
    query.load(c).await
}

/// Lists a page of the deductions of a quarter in which tax was deducted, by time and id, starting after the record
/// `after`. Reversals are not among them.
pub async fn list_deductions(
    c: &mut DbConnection,
    (year, quarter): (FinancialYear, Quarter),
    after: Option<(Timestamp, TdsRecordId)>,
    limit: i64,
) -> QueryResult<Vec<TdsRecord>> {
    use tds_records as t;
    let query = t::table
        .filter(t::financial_year.eq(year))
        .filter(t::quarter.eq(quarter))
        .filter(t::reversal.eq(false))
        .filter(t::tds_paise.gt(Money::ZERO))
        .limit(limit)
        .select(TdsRecord::as_select())
        .into_boxed::<db::MultiBackend>();
    keyset!(query, SortOrder::Ascending, (t::deducted_at, t::id), after).load(c).await
}

/// Finds which of these payouts were returned within a quarter.
pub async fn find_reversed(
    c: &mut DbConnection,
    (year, quarter): (FinancialYear, Quarter),
    payouts: &[PayoutId],
) -> QueryResult<BTreeSet<PayoutId>> {
    use tds_records as t;
    let reversals = t::table.filter(t::payout_id.any_of(payouts)).filter(t::reversal.eq(true));
    let of_quarter = reversals.filter(t::financial_year.eq(year)).filter(t::quarter.eq(quarter));
    let found: Vec<PayoutId> = of_quarter.select(t::payout_id).load(c).await?;
    Ok(found.into_iter().collect())
}
