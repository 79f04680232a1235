//! Challans: record and list.

use super::Subject;
use crate::ComplianceState;
use crate::app::record_challan::record_challan;
use crate::domain::challan::{ChallanId, Deposit};
use crate::store::challans::{self, Challan};
use actix_web::web;
use chassis::audit;
use domain::{Day, FinancialYear, Line, Money, Quarter, Timestamp, Unvalidated, UserId};
use http_api::{Caller, Created, FieldErrors, Idempotent, Json, Problem, Query, operation};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Challans in a list; a quarter has about three.
pub(super) const MAX_CHALLANS: i64 = 500;

/// A deposit of deducted tax with the government.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChallanInput {
    fy: FinancialYear,
    /// The quarter whose deductions it is for.
    quarter: Quarter,
    /// Code of the bank's branch (BSR code): 7 digits.
    bsr: Unvalidated<Line<7>>,
    /// Serial number of the challan: 5 digits.
    serial: Unvalidated<Line<5>>,
    /// Day of the deposit: not before the quarter, not after today.
    date: Day,
    amount: Money,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChallanFilter {
    /// Financial year such as `2026-27`; the current one by default.
    fy: Option<FinancialYear>,
    quarter: Option<Quarter>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChallanView {
    id: ChallanId,
    fy: FinancialYear,
    quarter: Quarter,
    bsr: String,
    serial: String,
    date: Day,
    amount: Money,
    recorded_by: UserId,
    recorded_at: Timestamp,
}

impl From<Challan> for ChallanView {
    fn from(challan: Challan) -> Self {
        Self {
            id: challan.id,
            fy: challan.financial_year,
            quarter: challan.quarter,
            bsr: challan.bsr,
            serial: challan.serial,
            date: challan.deposited_on,
            amount: challan.amount_paise,
            recorded_by: challan.recorded_by,
            recorded_at: challan.recorded_at,
        }
    }
}

/// The challans of a year or quarter.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChallanList {
    /// By quarter, day, branch and serial number; at most 500.
    items: Vec<ChallanView>,
    total_amount: Money,
}

/// Record a challan: a deposit of deducted tax with the government.
///
/// It is one by its branch, day and serial number: the same deposit again changes nothing and answers alike. 409 with
/// `compliance.challan_exists` when it is recorded for another quarter or amount. 422 with `compliance.challan_invalid`
/// for a branch that is not 7 digits, a serial number that is not 5, a day in the future or before the quarter, or an
/// amount that is not above zero.
#[operation]
pub(super) async fn create(
    state: web::Data<ComplianceState>,
    caller: Caller,
    request: Idempotent<ChallanInput>,
) -> Result<Created<ChallanView>, Problem> {
    let (input, request) = request.read_with_code("compliance.challan_invalid").await?;
    let now = state.ctx.now();
    let deposit = validate(input, now.day())?;
    let (id, detail) = (id::fresh(), format!("{} {} {}", deposit.financial_year, deposit.quarter, deposit.amount));
    request
        .run(&state.ctx, async |c| {
            let (challan, is_new) = record_challan(c, id, &deposit, caller.user_id, now).await?;
            if is_new {
                let subject = Subject::Challan(challan.id);
                audit::record(c, &caller, now, "compliance.challan_record", subject, &detail).await?;
            }
            Ok(ChallanView::from(challan))
        })
        .await
}

fn validate(input: ChallanInput, today: Day) -> Result<Deposit, Problem> {
    let deposit = Deposit {
        financial_year: input.fy,
        quarter: input.quarter,
        bsr: input.bsr.validate().map(String::from).unwrap_or_default(),
        serial: input.serial.validate().map(String::from).unwrap_or_default(),
        deposited_on: input.date,
        amount: input.amount,
    };
    let mut errors = FieldErrors::new();
    for rule in deposit.broken_rules(today) {
        errors.require(rule.field, false, rule.code, rule.detail);
    }
    errors.finish("compliance.challan_invalid").map(|()| deposit)
}

/// The challans of a financial year, or of one of its quarters.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    Query(filter): Query<ChallanFilter>,
) -> Result<Json<ChallanList>, Problem> {
    let year = filter.fy.unwrap_or_else(|| state.ctx.now().financial_year());
    let mut c = state.ctx.db().read().await?;
    let rows = challans::list(&mut c, year, filter.quarter, MAX_CHALLANS).await?;
    let total_amount = Money::total(rows.iter().map(|row| row.amount_paise)).map_err(Problem::internal)?;
    Ok(Json::new(ChallanList { items: rows.into_iter().map(ChallanView::from).collect(), total_amount }))
}
