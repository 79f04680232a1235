//! Handler of the lines of a payout.

use super::payouts::load_visible;
use crate::PayoutState;
use crate::domain::line::{LineKind, PayoutAmounts, PayoutLine, payout_lines};
use crate::domain::payout::PayoutStatus;
use crate::error::PayoutError;
use crate::store::payout_steps::{self, PayoutStep};
use crate::store::payouts::Payout;
use crate::store::taxes::{self, TaxLine};
use actix_web::web;
use domain::tax::TaxedPart;
use domain::{FinancialYear, Money, PayoutId, Quarter, Timestamp};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// The lines of a payout.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct LinesView {
    /// In the order in which they take effect; their amounts add up to 0.00.
    lines: Vec<LineView>,
    /// Whether the parts are an estimate, because the payout is not approved yet.
    is_estimate: bool,
}

/// A line of a payout.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct LineView {
    kind: LineKind,
    /// The kind of the line that is reversed; null for other lines.
    reverses: Option<LineKind>,
    /// Positive for what comes from the wallet, negative for what goes elsewhere.
    amount: Money,
    /// When the line took effect; null while it has not.
    at: Option<Timestamp>,
    /// The bank reference of the line `bank`.
    reference: Option<String>,
    /// What the line `tds` follows from, once the payout is approved.
    tax: Option<TaxBasisView>,
}

/// What a deduction follows from.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct TaxBasisView {
    rule: String,
    section: String,
    financial_year: FinancialYear,
    quarter: Quarter,
    /// The rate that was applied, in percent.
    rate: String,
    has_pan: bool,
    threshold: Money,
    /// What of the payout that passes the threshold is taxed.
    on: TaxedPart,
    cap: Option<Money>,
    gross: Money,
    /// Total paid to the same PAN earlier in the financial year.
    paid_before: Money,
    /// When the payout's part of the year's total was released, because it failed or was reversed.
    returned_at: Option<Timestamp>,
}

impl From<TaxLine> for TaxBasisView {
    fn from(line: TaxLine) -> Self {
        Self {
            rule: line.rule_id,
            section: line.section,
            financial_year: line.financial_year,
            quarter: line.quarter,
            rate: line.rate,
            has_pan: line.has_pan,
            threshold: line.threshold_paise,
            on: line.taxed_part,
            cap: line.cap_paise,
            gross: line.gross_paise,
            paid_before: line.paid_before_paise,
            returned_at: line.returned_at,
        }
    }
}

/// What is stored of one payout.
struct StoredPayout {
    payout: Payout,
    steps: Vec<PayoutStep>,
    tax: Option<TaxLine>,
}

impl StoredPayout {
    /// When the payout reached `status`; `None` if it has not. A payout from before the steps were recorded has no step
    /// of its approval, but the time of its deduction.
    fn reached_at(&self, status: PayoutStatus) -> Option<Timestamp> {
        let step = self.steps.iter().find(|step| step.status == status).map(|step| step.reached_at);
        let deducted_at = || self.tax.as_ref().filter(|_| status == PayoutStatus::Approved).map(|tax| tax.deducted_at);
        step.or_else(deducted_at)
    }

    fn view(&self, line: PayoutLine) -> LineView {
        let payout = &self.payout;
        let utr = || Some(payout.utr.clone()).filter(|utr| !utr.is_empty());
        LineView {
            kind: line.kind,
            reverses: line.reverses,
            amount: line.amount,
            at: self.reached_at(line.effective_with),
            reference: if line.kind == LineKind::Bank { utr() } else { None },
            tax: if line.kind == LineKind::Tds { self.tax.clone().map(TaxBasisView::from) } else { None },
        }
    }
}

/// The lines of a payout: its amount, tax, EMI, transfer and reversal.
///
/// Their amounts add up to 0.00. 404 for a payout of another member, unless the caller is staff.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
) -> Result<Json<LinesView>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    let (steps, tax) = (payout_steps::list(&mut c, id).await?, taxes::find_tax_line(&mut c, id).await?);
    let amounts = PayoutAmounts {
        status: payout.status,
        requested: payout.requested_paise,
        tds: payout.tds_paise,
        emi: payout.emi_paise,
        net: payout.net_paise,
    };
    let lines = payout_lines(&amounts).map_err(PayoutError::from)?;
    let is_estimate = matches!(payout.status, PayoutStatus::Requested | PayoutStatus::Pending);
    let stored = StoredPayout { payout, steps, tax };
    Ok(Json::new(LinesView { lines: lines.into_iter().map(|line| stored.view(line)).collect(), is_estimate }))
}
