//! Handlers for the transitions of a payout after its request.

use super::payouts::load_visible;
use super::view::{self, PayoutView};
use super::{Subject, audit_detail};
use crate::app::advance::{CommandOutcome, Move};
use crate::domain::bank_file::{Settlement, TransferOutcome};
use crate::domain::payout::{Command, PayoutRefusal, PayoutStatus, may_approve, may_decide};
use crate::domain::request::TWO_APPROVALS;
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use crate::{PayoutState, app};
use actix_web::web;
use chassis::audit;
use db::DbConnection;
use domain::bounded_text::{MAX_REASON_CHARS, TextRefusal};
use domain::{MultilineText, PayoutId, Reason, Timestamp, Unvalidated};
use http_api::{Caller, Execution, FieldErrors, Idempotent, Json, Optional, Path, Problem, operation};
use runtime::projection::MayBeStale;
use schemars::JsonSchema;
use serde::Deserialize;

/// Reason of a rejection or return.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReasonInput {
    /// Shown to the member.
    #[serde(default)]
    reason: Unvalidated<Reason>,
}

impl ReasonInput {
    fn validate(&self) -> Result<Reason, Problem> {
        let reason = self.reason.validate();
        let mut errors = FieldErrors::new();
        let is_empty = matches!(reason, Err(TextRefusal::Empty { .. }));
        errors.require("reason", !is_empty, "required", "a reason is required");
        let detail = format!("at most {MAX_REASON_CHARS} characters");
        errors.require("reason", is_empty || reason.is_ok(), "too_long", detail);
        errors.finish("payout.reason_invalid")?;
        reason.map_err(Problem::internal)
    }
}

/// Outcome of a transfer.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SettleInput {
    outcome: TransferOutcome,
    /// The bank reference; required if `outcome` is `paid`.
    #[serde(default)]
    utr: Option<String>,
    /// Why the bank did not pay.
    #[serde(default)]
    reason: Option<MultilineText>,
}

/// Cancel your own pending payout.
///
/// 404 for a payout of another member, 403 if the caller is staff; 409 unless it is pending.
#[operation]
pub(super) async fn cancel(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent,
) -> Result<Json<PayoutView>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    if payout.user_id != caller.user_id {
        return Err(Problem::forbidden());
    }
    await_hold_decision(&state, &payout).await?;
    let request = request.read_empty().await?;
    execute(&state, &caller, &request, "payout.cancel", id, Command::Cancel).await
}

/// Approve a payout of another person.
///
/// The last approval fixes tax and EMI. An amount from which the plan requires a second approver needs two people.
/// 403 for an own payout, and with `auth.step_up_required` for an amount that needs a second approver without a recent
/// one-time code; 409 if its state does not allow an approval; 422 while a clawback is due from the member.
#[operation]
pub(super) async fn approve(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent,
) -> Result<Json<PayoutView>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    may_approve(payout.user_id, caller.user_id).map_err(PayoutError::from)?;
    if payout.approvals_needed >= TWO_APPROVALS {
        caller.require_recent_proof(state.ctx.now())?;
    }
    await_hold_decision(&state, &payout).await?;
    let (request, now) = (request.read_empty().await?, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            let outcome = app::approve::approve(c, id, caller.user_id, now).await?;
            record_and_view(c, &caller, now, "payout.approve", outcome).await
        })
        .await
}

/// Reject a payout.
///
/// 403 for an own payout; 409 unless it is pending; 422 without a reason.
#[operation]
pub(super) async fn reject(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent<Optional<ReasonInput>>,
) -> Result<Json<PayoutView>, Problem> {
    let payout = load_for_review(&state, &caller, id).await?;
    await_hold_decision(&state, &payout).await?;
    let (input, request) = request.read_with_code("payout.reason_invalid").await?;
    let reason = input.validate()?;
    execute(&state, &caller, &request, "payout.reject", id, Command::Reject { reason: reason.as_str() }).await
}

/// Record that the bank paid a payout or failed to pay it.
///
/// 403 for an own payout; 409 unless it is approved or in a batch, or has this outcome already, and with
/// `payout.utr_known` for the bank reference of another payout, and `payout.transfer_state` while the bank's API may have
/// its transfer; 422 for `paid` without a bank reference.
#[operation]
pub(super) async fn settle(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent<SettleInput>,
) -> Result<Json<PayoutView>, Problem> {
    load_for_review(&state, &caller, id).await?;
    let (input, request) = request.read_with_code("payout.reason_invalid").await?;
    let (utr, reason) = (input.utr.unwrap_or_default(), input.reason.unwrap_or_default());
    let settlement = Settlement::try_new(input.outcome, &utr, &reason).map_err(PayoutError::from)?;
    let now = state.ctx.now();
    let moved = Move { by: Some(caller.user_id), at: now };
    request
        .run(&state.ctx, async |c| {
            let outcome = app::transfer::settle_by_hand(c, id, &settlement, moved).await?;
            record_and_view(c, &caller, now, "payout.settle", outcome).await
        })
        .await
}

/// Record that the bank returned a completed payout.
///
/// 403 for an own payout; 409 if it is not completed or nothing was transferred; 422 without a reason.
#[operation]
pub(super) async fn return_payout(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent<Optional<ReasonInput>>,
) -> Result<Json<PayoutView>, Problem> {
    load_for_review(&state, &caller, id).await?;
    let (input, request) = request.read_with_code("payout.reason_invalid").await?;
    let reason = input.validate()?;
    execute(&state, &caller, &request, "payout.return", id, Command::Return { reason: reason.as_str() }).await
}

/// Executes a command on a payout, records `action` in the audit log and responds with the payout.
async fn execute(
    state: &PayoutState,
    caller: &Caller,
    request: &Execution,
    action: &'static str,
    id: PayoutId,
    command: Command<'_>,
) -> Result<Json<PayoutView>, Problem> {
    let now = state.ctx.now();
    let moved = Move { by: Some(caller.user_id), at: now };
    request
        .run(&state.ctx, async |c| {
            let outcome = app::advance::execute(c, id, command, moved).await?;
            record_and_view(c, caller, now, action, outcome).await
        })
        .await
}

/// Records the action in the audit log if it changed the payout, and returns the payout.
async fn record_and_view(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    outcome: CommandOutcome,
) -> Result<PayoutView, Problem> {
    let CommandOutcome { payout, changed } = outcome;
    if changed {
        audit::record(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &audit_detail(&payout))
            .await?;
    }
    view::load_payout_view(c, payout, caller).await
}

/// Loads a payout for a decision by staff. Errors with 404 if the caller may not see it and with 403 if it is their
/// own, both before the body is read.
async fn load_for_review(state: &PayoutState, caller: &Caller, id: PayoutId) -> Result<Payout, Problem> {
    let payout = load_visible(state, caller, id).await?;
    may_decide(payout.user_id, caller.user_id).map_err(PayoutError::from)?;
    Ok(payout)
}

/// Waits a moment for the wallet's decision on the hold, which may still be in delivery. A payout that stays undecided
/// is refused by the command on it, after the body is read.
async fn await_hold_decision(state: &PayoutState, payout: &Payout) -> Result<(), Problem> {
    if payout.status != PayoutStatus::Requested {
        return Ok(());
    }
    let decided = state.ctx.applied_events().await_projection(async || {
        let mut c = state.ctx.db().read().await?;
        let status = payouts::find(&mut c, payout.id).await?.ok_or_else(Problem::not_found)?.status;
        match status {
            PayoutStatus::Requested => Err(Problem::from(PayoutError::from(PayoutRefusal::Conflict(status)))),
            PayoutStatus::Pending
            | PayoutStatus::Approved
            | PayoutStatus::Processing
            | PayoutStatus::Completed
            | PayoutStatus::Rejected
            | PayoutStatus::Cancelled
            | PayoutStatus::Failed
            | PayoutStatus::Reversed => Ok(()),
        }
    });
    match decided.await {
        Err(refusal) if refusal.may_be_stale() => Ok(()),
        decided => decided,
    }
}
