//! What is done with a payout after it was asked for.

use super::patience::Patience;
use super::payouts::visible;
use super::view::{self, PayoutView};
use super::{Subject, note, outcome};
use crate::Payouts;
use crate::app::advance::Done;
use crate::app::{approve, settle, withdraw};
use crate::domain::bank_file::{Outcome, Settlement};
use crate::domain::payout::{Status, may_approve, may_decide};
use crate::error::PayoutError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, FieldErrors, Idempotent, Problem};
use db::DbConnection;
use domain::{FreeText, PayoutId, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

const LONGEST_REASON: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReasonInput {
    /// Shown to the member.
    #[serde(default)]
    reason: FreeText,
}

impl ReasonInput {
    fn checked(&self) -> Result<&str, Problem> {
        let reason = self.reason.trim();
        let mut errors = FieldErrors::new();
        errors.require("reason", !reason.is_empty(), "required", "say why");
        let detail = format!("at most {LONGEST_REASON} characters");
        errors.require("reason", reason.chars().count() <= LONGEST_REASON, "too_long", detail);
        errors.require_readable("reason", reason);
        errors.finish("payout.reason_invalid")?;
        Ok(reason)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SettleInput {
    outcome: Outcome,
    /// The bank's reference; needed when it has paid.
    #[serde(default)]
    utr: Option<String>,
    /// Why it has not paid.
    #[serde(default)]
    reason: Option<FreeText>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NoInput {}

pub(super) async fn cancel(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let payout = decided(&app, &caller, &path).await?;
    if payout.user_id != caller.user_id {
        return Err(Problem::forbidden());
    }
    let input = body.json_or_empty::<NoInput>().await?;
    let (who, at, id) = (&caller, app.ctx.now(), payout.id);
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let done = withdraw::cancel(c, id, at).await?;
        finish(c, who, at, "payout.cancel", done).await
    })
    .await
}

pub(super) async fn approve(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    may_approve(visible(&app, &caller, &path).await?.user_id, caller.user_id).map_err(PayoutError::from)?;
    let id = decided(&app, &caller, &path).await?.id;
    let input = body.json_or_empty::<NoInput>().await?;
    let (who, at) = (&caller, app.ctx.now());
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let done = approve::approve(c, id, who.user_id, at).await?;
        finish(c, who, at, "payout.approve", done).await
    })
    .await
}

pub(super) async fn reject(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    somebody_elses(&app, &caller, &path).await?;
    let id = decided(&app, &caller, &path).await?.id;
    let input = body.json_or_empty_or::<ReasonInput>("payout.reason_invalid").await?;
    let (who, at, reason) = (&caller, app.ctx.now(), input.value.checked()?);
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let done = withdraw::reject(c, id, reason, at).await?;
        finish(c, who, at, "payout.reject", done).await
    })
    .await
}

pub(super) async fn settle(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&app, &caller, &path).await?;
    let input = body.json_or::<SettleInput>("payout.reason_invalid").await?;
    let (utr, reason) = (input.value.utr.unwrap_or_default(), input.value.reason.unwrap_or_default());
    let outcome = &Settlement::try_new(input.value.outcome, &utr, &reason).map_err(PayoutError::from)?;
    let (who, at) = (&caller, app.ctx.now());
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let done = settle::settle(c, id, outcome, at).await?;
        finish(c, who, at, "payout.settle", done).await
    })
    .await
}

pub(super) async fn take_back(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&app, &caller, &path).await?;
    let input = body.json_or_empty_or::<ReasonInput>("payout.reason_invalid").await?;
    let (who, at, reason) = (&caller, app.ctx.now(), input.value.checked()?);
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::OK, async |c| {
        let done = settle::take_back(c, id, reason, at).await?;
        finish(c, who, at, "payout.return", done).await
    })
    .await
}

/// Tells the audit log of what changed, and shows the payout as it is now.
async fn finish(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    done: Done,
) -> Result<PayoutView, Problem> {
    let Done { payout, changed } = done;
    if changed {
        note(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &outcome(&payout)).await?;
    }
    let shown = view::of_payouts(c, vec![payout]).await?.pop();
    shown.ok_or_else(Problem::not_found)
}

/// The payout, if the caller may see it and it is not theirs: 403 and 404 come before the body is looked at.
async fn somebody_elses(app: &Payouts, caller: &Caller, path: &str) -> Result<PayoutId, Problem> {
    let payout = visible(app, caller, path).await?;
    may_decide(payout.user_id, caller.user_id).map_err(PayoutError::from)?;
    Ok(payout.id)
}

/// The payout, once the wallet has said whether it holds the money: that may be on its way.
async fn decided(app: &Payouts, caller: &Caller, path: &str) -> Result<Decided, Problem> {
    let mut patience = Patience::new();
    loop {
        let payout = visible(app, caller, path).await?;
        if payout.status != Status::Requested || !patience.wait().await {
            return Ok(Decided { id: payout.id, user_id: payout.user_id });
        }
    }
}

struct Decided {
    id: PayoutId,
    user_id: domain::UserId,
}
