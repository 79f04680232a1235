//! Handlers for the transitions of a payout after its request.

use super::payouts::load_visible;
use super::poll::PollAttempts;
use super::view::{self, PayoutView};
use super::{Subject, audit_detail, record_audit};
use crate::PayoutState;
use crate::app::advance::CommandOutcome;
use crate::app::{approve, end_pending, settle};
use crate::domain::bank_file::{Settlement, TransferOutcome};
use crate::domain::payout::{PayoutStatus, may_approve, may_decide};
use crate::error::PayoutError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{FieldErrors, IdempotencyKey, Problem, RawBody};
use db::DbConnection;
use domain::{MultilineText, PayoutId, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

const MAX_REASON_CHARS: usize = 500;

/// Reason of a rejection or return.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReasonInput {
    /// Shown to the member.
    #[serde(default)]
    reason: MultilineText,
}

impl ReasonInput {
    fn validate(&self) -> Result<&str, Problem> {
        let reason = self.reason.trim();
        let mut errors = FieldErrors::new();
        errors.require("reason", !reason.is_empty(), "required", "a reason is required");
        let detail = format!("at most {MAX_REASON_CHARS} characters");
        errors.require("reason", reason.chars().count() <= MAX_REASON_CHARS, "too_long", detail);
        errors.require_readable("reason", reason);
        errors.finish("payout.reason_invalid")?;
        Ok(reason)
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

#[derive(Debug, Deserialize, JsonSchema)]
struct NoInput {}

pub(super) async fn cancel(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let payout = await_hold_decision(&state, &caller, &path).await?;
    if payout.user_id != caller.user_id {
        return Err(Problem::forbidden());
    }
    let input = body.json_or_empty::<NoInput>().await?;
    let (actor, at, id) = (&caller, state.ctx.now(), payout.id);
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let outcome = end_pending::cancel(c, id, at).await?;
        record_and_view(c, actor, at, "payout.cancel", outcome).await
    })
    .await
}

pub(super) async fn approve(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    may_approve(load_visible(&state, &caller, &path).await?.user_id, caller.user_id).map_err(PayoutError::from)?;
    let id = await_hold_decision(&state, &caller, &path).await?.id;
    let input = body.json_or_empty::<NoInput>().await?;
    let (actor, at) = (&caller, state.ctx.now());
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let outcome = approve::approve(c, id, actor.user_id, at).await?;
        record_and_view(c, actor, at, "payout.approve", outcome).await
    })
    .await
}

pub(super) async fn reject(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    load_for_review(&state, &caller, &path).await?;
    let id = await_hold_decision(&state, &caller, &path).await?.id;
    let input = body.json_or_empty_with_code::<ReasonInput>("payout.reason_invalid").await?;
    let (actor, at, reason) = (&caller, state.ctx.now(), input.value.validate()?);
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let outcome = end_pending::reject(c, id, reason, at).await?;
        record_and_view(c, actor, at, "payout.reject", outcome).await
    })
    .await
}

pub(super) async fn settle(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let id = load_for_review(&state, &caller, &path).await?;
    let input = body.json_with_code::<SettleInput>("payout.reason_invalid").await?;
    let (utr, reason) = (input.value.utr.unwrap_or_default(), input.value.reason.unwrap_or_default());
    let settlement = &Settlement::try_new(input.value.outcome, &utr, &reason).map_err(PayoutError::from)?;
    let (actor, at) = (&caller, state.ctx.now());
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let outcome = settle::settle(c, id, settlement, at).await?;
        record_and_view(c, actor, at, "payout.settle", outcome).await
    })
    .await
}

pub(super) async fn return_payout(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let id = load_for_review(&state, &caller, &path).await?;
    let input = body.json_or_empty_with_code::<ReasonInput>("payout.reason_invalid").await?;
    let (actor, at, reason) = (&caller, state.ctx.now(), input.value.validate()?);
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let outcome = settle::record_return(c, id, reason, at).await?;
        record_and_view(c, actor, at, "payout.return", outcome).await
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
        record_audit(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &audit_detail(&payout)).await?;
    }
    let view = view::payout_views(c, vec![payout]).await?.pop();
    view.ok_or_else(Problem::not_found)
}

/// Loads a payout for a decision by staff. Errors with 404 if the caller may not see it and with 403 if it is their
/// own, both before the body is read.
async fn load_for_review(state: &PayoutState, caller: &Caller, path: &str) -> Result<PayoutId, Problem> {
    let payout = load_visible(state, caller, path).await?;
    may_decide(payout.user_id, caller.user_id).map_err(PayoutError::from)?;
    Ok(payout.id)
}

/// Waits a moment for the wallet's decision on the hold, which may still be in delivery, and returns the payout.
async fn await_hold_decision(state: &PayoutState, caller: &Caller, path: &str) -> Result<DecidedPayout, Problem> {
    let mut attempts = PollAttempts::new();
    loop {
        let payout = load_visible(state, caller, path).await?;
        if payout.status != PayoutStatus::Requested || !attempts.wait().await {
            return Ok(DecidedPayout { id: payout.id, user_id: payout.user_id });
        }
    }
}

/// Id and owner of a payout after the wait for the hold decision.
struct DecidedPayout {
    id: PayoutId,
    user_id: domain::UserId,
}
