//! TDS records of a financial year.

use crate::ComplianceState;
use crate::store::tds_records::{self, TdsRecord};
use actix_web::web;
use domain::{FinancialYear, Money, PayoutId, Quarter, Timestamp, UserId};
use http_api::{Caller, Cursor, Json, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TdsFilter {
    /// Financial year such as `2026-27`; the current one by default.
    fy: Option<FinancialYear>,
    /// Deductions of this member only; staff only, ignored for members.
    user_id: Option<UserId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TdsList {
    items: Vec<TdsView>,
    total_gross: Money,
    total_tds: Money,
    next_cursor: Option<String>,
}

/// The deduction that a reversal reverses.
#[derive(Debug, Serialize, JsonSchema)]
struct ReversedDeductionView {
    fy: FinancialYear,
    quarter: Quarter,
    deducted_at: Timestamp,
}

/// One deduction, or the reversal of one: a payout that the bank returned has a second record with negative amounts in
/// the year and quarter of the return.
#[derive(Debug, Serialize, JsonSchema)]
struct TdsView {
    payout_id: PayoutId,
    user_id: UserId,
    fy: FinancialYear,
    quarter: Quarter,
    section: String,
    rule_id: String,
    rate: String,
    gross: Money,
    tds: Money,
    pan: String,
    reversal: bool,
    /// For a reversal: the reversed deduction, possibly of an earlier quarter or year. Null otherwise.
    reverses: Option<ReversedDeductionView>,
    deducted_at: Timestamp,
}

impl From<TdsRecord> for TdsView {
    fn from(record: TdsRecord) -> Self {
        Self {
            payout_id: record.payout_id,
            user_id: record.user_id,
            fy: record.financial_year,
            quarter: record.quarter,
            section: record.section,
            rule_id: record.rule_id,
            rate: record.rate,
            gross: record.gross_paise,
            tds: record.tds_paise,
            pan: record.pan_mask,
            reversal: record.reversal,
            reverses: record.reverses_at.map(|at| ReversedDeductionView {
                fy: at.financial_year(),
                quarter: at.quarter(),
                deducted_at: at,
            }),
            deducted_at: record.deducted_at,
        }
    }
}

/// Sums of the caller's deductions in each financial year.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TdsYearsView {
    /// Newest first; years without deductions are left out.
    items: Vec<TdsYearView>,
}

/// Sums of one financial year.
#[derive(Debug, Serialize, JsonSchema)]
struct TdsYearView {
    fy: FinancialYear,
    total_gross: Money,
    total_tds: Money,
}

/// Financial years in which tax was deducted from the caller, with the totals of each.
#[operation]
pub(super) async fn list_years(
    state: web::Data<ComplianceState>,
    caller: Caller,
) -> Result<Json<TdsYearsView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let years = tds_records::list_year_totals(&mut c, caller.user_id).await?;
    let view = |(fy, gross, tds): (FinancialYear, Option<Money>, Option<Money>)| TdsYearView {
        fy,
        total_gross: gross.unwrap_or_default(),
        total_tds: tds.unwrap_or_default(),
    };
    Ok(Json::new(TdsYearsView { items: years.into_iter().map(view).collect() }))
}

/// Tax deducted at source in a financial year: own, all members' for staff.
///
/// The totals are those of the whole year. 422 for a malformed `fy` or `user_id`.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<TdsFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<TdsList>, Problem> {
    let year = filter.fy.unwrap_or_else(|| state.ctx.now().financial_year());
    let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let after = page.after_id()?;
    let mut c = state.ctx.db().read().await?;
    let rows = tds_records::list(&mut c, user, year, order, after, page.fetch_limit()).await?;
    let (total_gross, total_tds) = tds_records::totals(&mut c, user, year).await?;
    let listing = page.listing(rows, |row| Cursor::Id(row.id.uuid()), TdsView::from);
    Ok(Json::new(TdsList { items: listing.items, total_gross, total_tds, next_cursor: listing.next_cursor }))
}
