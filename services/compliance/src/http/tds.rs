//! A member's deductions in a financial year.

use crate::Compliance;
use crate::store::records::{self, TdsRecord};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, Page, Problem, Query, ok};
use domain::{FinancialYear, Money, PayoutId, Quarter, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TdsFilter {
    /// Like `2026-27`; the current one by default.
    fy: Option<FinancialYear>,
    /// Staff: one member's.
    user_id: Option<UserId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TdsList {
    items: Vec<TdsView>,
    total_gross: Money,
    total_tds: Money,
    next_cursor: Option<String>,
}

/// The deduction that a reversal takes back.
#[derive(Debug, Serialize, JsonSchema)]
struct Reversed {
    fy: FinancialYear,
    quarter: Quarter,
    deducted_at: Timestamp,
}

/// One deduction; a payout the bank returned has a second line with negative amounts, in the year and quarter of the
/// return.
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
    /// Of a reversal: the deduction it takes back, which may be of an earlier quarter or year.
    reverses: Option<Reversed>,
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
            reverses: record.reverses_at.map(|at| Reversed {
                fy: at.financial_year(),
                quarter: at.quarter(),
                deducted_at: at,
            }),
            deducted_at: record.deducted_at,
        }
    }
}

pub(super) async fn list(
    app: web::Data<Compliance>,
    caller: Caller,
    Query(filter): Query<TdsFilter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let year = filter.fy.unwrap_or_else(|| app.ctx.now().financial_year());
    let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let before = page.after_id()?;
    let mut c = app.ctx.db().read().await?;
    let rows = records::list(&mut c, user, year, before, page.fetch_limit()).await?;
    let (total_gross, total_tds) = records::totals(&mut c, user, year).await?;
    let listing = page.listing(rows, |row| Cursor::Id(row.id.uuid()), TdsView::from);
    Ok(ok(&TdsList { items: listing.items, total_gross, total_tds, next_cursor: listing.next_cursor }))
}
