//! Challans: record, correct, cancel and list.

use super::Subject;
use crate::ComplianceState;
use crate::app::change_challan::{ChallanStep, ChangedChallan, cancel_challan, correct_challan, record_challan};
use crate::domain::challan::{ChallanChangeKind, ChallanId, Deposit};
use crate::error::ComplianceError;
use crate::store::challan_changes::{self, ChallanChange};
use crate::store::challans::{self, Challan};
use actix_web::web;
use chassis::audit;
use db::DbConnection;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Day, FinancialYear, Line, Money, Quarter, Reason, Timestamp, Unvalidated, UserId};
use http_api::{Body, Caller, Created, FieldErrors, Idempotent, Json, Path, Problem, Query, operation};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Challans in a list; a quarter has about three.
pub(super) const MAX_CHALLANS: i64 = 500;
/// Changes of a challan in a list; more than a few are a mistake.
const MAX_CHANGES: i64 = 500;

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

/// What the deposit really was, and why it is corrected.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChallanCorrectionInput {
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
    reason: Unvalidated<Reason>,
}

/// Why a challan is cancelled.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChallanCancellationInput {
    reason: Unvalidated<Reason>,
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
    /// 1 as recorded, one more with each change.
    revision: i64,
    /// When it was cancelled; null unless it was.
    cancelled_at: Option<Timestamp>,
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
            revision: challan.revision,
            cancelled_at: challan.cancelled_at,
        }
    }
}

/// The challans of a year or quarter.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChallanList {
    /// By quarter, day, branch and serial number; at most 500.
    items: Vec<ChallanView>,
    /// Without those that are cancelled.
    total_amount: Money,
}

/// A change of a challan, with what was recorded before.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChallanChangeView {
    /// The revision that it made.
    revision: i64,
    kind: ChallanChangeKind,
    fy: FinancialYear,
    quarter: Quarter,
    bsr: String,
    serial: String,
    date: Day,
    amount: Money,
    reason: String,
    changed_by: UserId,
    changed_at: Timestamp,
}

impl From<ChallanChange> for ChallanChangeView {
    fn from(change: ChallanChange) -> Self {
        Self {
            revision: change.revision,
            kind: change.kind,
            fy: change.financial_year,
            quarter: change.quarter,
            bsr: change.bsr,
            serial: change.serial,
            date: change.deposited_on,
            amount: change.amount_paise,
            reason: change.reason,
            changed_by: change.changed_by,
            changed_at: change.changed_at,
        }
    }
}

/// The changes of a challan, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChallanChangeList {
    items: Vec<ChallanChangeView>,
}

/// Record a challan: a deposit of deducted tax with the government.
///
/// It is one by its branch, day and serial number: the same deposit again changes nothing and answers alike, and one
/// that was cancelled is recorded again. 409 with
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
    let step = ChallanStep { by: caller.user_id, at: now, reason: "" };
    request
        .run(&state.ctx, async |c| {
            let changed = record_challan(c, id, &deposit, step).await?;
            Ok(finish(c, &caller, changed, "compliance.challan_record", (&detail, now)).await?)
        })
        .await
}

/// Correct what is recorded of a deposit.
///
/// What was recorded before stays in the history, and a certificate of the year is issued anew with the next revision.
/// The same again changes nothing. 404 for an unknown challan; 409 with `compliance.challan_cancelled`, and with
/// `compliance.challan_exists` when another challan has the branch, day and serial number; 422 with
/// `compliance.challan_invalid` as for a new one, and without a reason.
#[operation]
pub(super) async fn correct(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<ChallanId>,
    body: Body<ChallanCorrectionInput>,
) -> Result<Json<ChallanView>, Problem> {
    check_known(&state, id).await?;
    let ChallanCorrectionInput { fy, quarter, bsr, serial, date, amount, reason } =
        body.read_with_code("compliance.challan_invalid").await?;
    let (now, reason) = (state.ctx.now(), validate_reason(&reason)?);
    let deposit = validate(ChallanInput { fy, quarter, bsr, serial, date, amount }, now.day())?;
    let step = ChallanStep { by: caller.user_id, at: now, reason: reason.as_str() };
    let corrected = state.ctx.tx(async |c| {
        let changed = correct_challan(c, id, &deposit, step).await?;
        Ok::<_, Problem>(finish(c, &caller, changed, "compliance.challan_correct", (reason.as_str(), now)).await?)
    });
    Ok(Json::new(corrected.await?))
}

/// Cancel a challan whose deposit was not made.
///
/// It stays in the history, covers no deduction any more, and a certificate of the year is issued anew with the next
/// revision. The same again changes nothing. 404 for an unknown challan, 422 without a reason.
#[operation]
pub(super) async fn cancel(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<ChallanId>,
    body: Body<ChallanCancellationInput>,
) -> Result<Json<ChallanView>, Problem> {
    check_known(&state, id).await?;
    let input = body.read_with_code("compliance.challan_invalid").await?;
    let (now, reason) = (state.ctx.now(), validate_reason(&input.reason)?);
    let step = ChallanStep { by: caller.user_id, at: now, reason: reason.as_str() };
    let cancelled = state.ctx.tx(async |c| {
        let changed = cancel_challan(c, id, step).await?;
        Ok::<_, Problem>(finish(c, &caller, changed, "compliance.challan_cancel", (reason.as_str(), now)).await?)
    });
    Ok(Json::new(cancelled.await?))
}

/// Corrections and cancellations of a challan, each with what was recorded before.
///
/// 404 for an unknown challan.
#[operation]
pub(super) async fn list_changes(
    state: web::Data<ComplianceState>,
    Path(id): Path<ChallanId>,
) -> Result<Json<ChallanChangeList>, Problem> {
    check_known(&state, id).await?;
    let mut c = state.ctx.db().read().await?;
    let rows = challan_changes::list(&mut c, id, MAX_CHANGES).await?;
    Ok(Json::new(ChallanChangeList { items: rows.into_iter().map(ChallanChangeView::from).collect() }))
}

/// Refuses an unknown challan. Runs before the body is read.
async fn check_known(state: &ComplianceState, id: ChallanId) -> Result<(), ComplianceError> {
    let is_known = challans::exists(&mut *state.ctx.db().read().await?, id).await?;
    if is_known { Ok(()) } else { Err(ComplianceError::NotFound) }
}

/// Records a step in the audit log, with the fields that it changed, unless it changed nothing.
async fn finish(
    c: &mut DbConnection,
    caller: &Caller,
    ChangedChallan { before, challan, is_changed }: ChangedChallan,
    action: &'static str,
    (detail, now): (&str, Timestamp),
) -> Result<ChallanView, db::DbError> {
    if is_changed {
        let changes = before.map(|before| changed_fields(&before, &challan)).unwrap_or_default();
        audit::record_changes(c, caller, now, action, (Subject::Challan(challan.id), changes), detail).await?;
    }
    Ok(challan.into())
}

fn changed_fields(before: &Challan, after: &Challan) -> Vec<audit::Change> {
    let status = |challan: &Challan| if challan.cancelled_at.is_some() { "cancelled" } else { "recorded" };
    let changes = [
        audit::Change::new("fy", &before.financial_year, &after.financial_year),
        audit::Change::new("quarter", &before.quarter, &after.quarter),
        audit::Change::new("bsr", &before.bsr, &after.bsr),
        audit::Change::new("serial", &before.serial, &after.serial),
        audit::Change::new("date", &before.deposited_on, &after.deposited_on),
        audit::Change::new("amount", &before.amount_paise, &after.amount_paise),
        audit::Change::new("status", &status(before), &status(after)),
    ];
    changes.into_iter().flatten().collect()
}

fn validate_reason(reason: &Unvalidated<Reason>) -> Result<Reason, Problem> {
    let reason = reason.validate();
    let mut errors = FieldErrors::new();
    errors.require("reason", reason.is_ok(), "length", format!("1 to {MAX_REASON_CHARS} characters"));
    errors.finish("compliance.challan_invalid")?;
    reason.map_err(Problem::internal)
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

/// The challans of a financial year, or of one of its quarters, also those that are cancelled.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    Query(filter): Query<ChallanFilter>,
) -> Result<Json<ChallanList>, Problem> {
    let year = filter.fy.unwrap_or_else(|| state.ctx.now().financial_year());
    let mut c = state.ctx.db().read().await?;
    let rows = challans::list_with_cancelled(&mut c, year, filter.quarter, MAX_CHALLANS).await?;
    let valid = rows.iter().filter(|row| row.cancelled_at.is_none());
    let total_amount = Money::total(valid.map(|row| row.amount_paise)).map_err(Problem::internal)?;
    Ok(Json::new(ChallanList { items: rows.into_iter().map(ChallanView::from).collect(), total_amount }))
}
