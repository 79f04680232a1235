//! Tables of tax rules, yearly totals of each PAN (accumulators) and tax lines of payouts.

use crate::schema::{tax_accumulators, tax_lines, tax_rules};
use db::{DbConnection, LockExt, SortOrder, UpsertExt, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::tax::{TaxRule, TaxedPart};
use domain::{Day, FinancialYear, Money, PayoutId, Quarter, Timestamp};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tax_rules, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct TaxRuleRow {
    id: String,
    section: String,
    rate: String,
    threshold_paise: Money,
    cap_paise: Option<Money>,
    no_pan_rate: String,
    effective_from: Day,
    effective_to: Option<Day>,
    taxed_part: TaxedPart,
}

impl TaxRuleRow {
    fn from_rule(rule: &TaxRule) -> Self {
        Self {
            id: rule.id.clone(),
            section: rule.section.clone(),
            rate: rule.rate.to_string(),
            threshold_paise: rule.threshold,
            cap_paise: rule.cap,
            no_pan_rate: rule.no_pan_rate.to_string(),
            effective_from: rule.effective_from,
            effective_to: rule.effective_to,
            taxed_part: rule.on,
        }
    }
    fn into_rule(self) -> QueryResult<TaxRule> {
        let rate = |text: &str| text.parse().map_err(|e| diesel::result::Error::DeserializationError(Box::new(e)));
        Ok(TaxRule {
            rate: rate(&self.rate)?,
            no_pan_rate: rate(&self.no_pan_rate)?,
            id: self.id,
            section: self.section,
            threshold: self.threshold_paise,
            on: self.taxed_part,
            cap: self.cap_paise,
            effective_from: self.effective_from,
            effective_to: self.effective_to,
        })
    }
}

/// Lists all rules, oldest first.
pub async fn list_all_rules(c: &mut DbConnection) -> QueryResult<Vec<TaxRule>> {
    let rows = tax_rules::table.order(tax_rules::effective_from).select(TaxRuleRow::as_select()).load(c).await?;
    rows.into_iter().map(TaxRuleRow::into_rule).collect()
}

/// Lists rules by their first day, starting after the day `after`.
pub async fn list_rules(
    c: &mut DbConnection,
    order: SortOrder,
    after: Option<Day>,
    limit: i64,
) -> QueryResult<Vec<TaxRule>> {
    let query = tax_rules::table.limit(limit).select(TaxRuleRow::as_select()).into_boxed::<db::MultiBackend>();
    let rows = keyset!(query, order, tax_rules::effective_from, after).load(c).await?;
    rows.into_iter().map(TaxRuleRow::into_rule).collect()
}

/// Locks and lists all rules, oldest first, so that rules are added one at a time.
pub async fn lock_rules(c: &mut DbConnection) -> QueryResult<Vec<TaxRule>> {
    let query = tax_rules::table.order(tax_rules::effective_from).select(TaxRuleRow::as_select());
    let rows: Vec<TaxRuleRow> = query.lock().get_results(c).await?;
    rows.into_iter().map(TaxRuleRow::into_rule).collect()
}

/// Inserts a rule. Returns false if another rule has its id or its first day.
pub async fn insert_rule(c: &mut DbConnection, rule: &TaxRule) -> QueryResult<bool> {
    inserted(diesel::insert_into(tax_rules::table).values(TaxRuleRow::from_rule(rule)).execute(c).await)
}

/// Ends on `day` the rules that started before it and have no end.
pub async fn end_rules(c: &mut DbConnection, day: Day) -> QueryResult<()> {
    let open = tax_rules::table.filter(tax_rules::effective_to.is_null()).filter(tax_rules::effective_from.lt(day));
    diesel::update(open).set(tax_rules::effective_to.eq(Some(day))).execute(c).await.map(drop)
}

/// Total paid to a PAN in a financial year; zero if there is none.
pub async fn find_gross_paid(c: &mut DbConnection, pan_index: &[u8], year: FinancialYear) -> QueryResult<Money> {
    let row = tax_accumulators::table.find((pan_index, year)).select(tax_accumulators::gross_paise);
    Ok(row.first(c).await.optional()?.unwrap_or(Money::ZERO))
}

/// Locks the accumulator of a PAN and year, after inserting it if it is missing. Returns the total paid and the tax
/// deducted.
pub async fn lock_accumulator(
    c: &mut DbConnection,
    pan_index: &[u8],
    year: FinancialYear,
) -> QueryResult<(Money, Money)> {
    use tax_accumulators as t;
    let ensure = diesel::insert_into(t::table).values((
        t::pan_index.eq(pan_index),
        t::financial_year.eq(year),
        t::gross_paise.eq(Money::ZERO),
        t::tds_paise.eq(Money::ZERO),
    ));
    ensure.on_conflict_set(&["pan_index", "financial_year"], &[]).execute(c).await?;
    t::table.find((pan_index, year)).select((t::gross_paise, t::tds_paise)).lock().get_result(c).await
}

/// Sets the total paid and the tax deducted of a PAN and year.
pub async fn save_accumulator(
    c: &mut DbConnection,
    pan_index: &[u8],
    year: FinancialYear,
    (gross, tds): (Money, Money),
) -> QueryResult<()> {
    use tax_accumulators as t;
    let row = t::table.find((pan_index, year));
    diesel::update(row).set((t::gross_paise.eq(gross), t::tds_paise.eq(tds))).execute(c).await.map(drop)
}

/// Tax of one payout, fixed at its approval, with the inputs of the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tax_lines, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct TaxLine {
    pub payout_id: PayoutId,
    pub rule_id: String,
    pub section: String,
    pub financial_year: FinancialYear,
    pub quarter: Quarter,
    /// The rate that was applied.
    pub rate: String,
    pub threshold_paise: Money,
    pub cap_paise: Option<Money>,
    pub has_pan: bool,
    pub gross_paise: Money,
    /// Total paid to the same PAN earlier in the financial year.
    pub paid_before_paise: Money,
    pub tds_paise: Money,
    pub pan_index: Vec<u8>,
    pub deducted_at: Timestamp,
    /// When the payout failed or was reversed and this line was subtracted from the accumulator.
    pub returned_at: Option<Timestamp>,
    pub taxed_part: TaxedPart,
}

/// Inserts the tax line of a payout.
pub async fn insert_tax_line(c: &mut DbConnection, line: &TaxLine) -> QueryResult<()> {
    diesel::insert_into(tax_lines::table).values(line).execute(c).await.map(drop)
}

/// Finds the tax line of a payout.
pub async fn find_tax_line(c: &mut DbConnection, payout: PayoutId) -> QueryResult<Option<TaxLine>> {
    tax_lines::table.find(payout).select(TaxLine::as_select()).first(c).await.optional()
}

/// Marks a tax line as returned. Returns false if it was marked before.
pub async fn mark_returned(c: &mut DbConnection, payout: PayoutId, at: Timestamp) -> QueryResult<bool> {
    let open = tax_lines::table.find(payout).filter(tax_lines::returned_at.is_null());
    Ok(diesel::update(open).set(tax_lines::returned_at.eq(Some(at))).execute(c).await? == 1)
}
