//! Handlers for quoting, requesting and reading payouts.

use super::accounts::verification_context;
use super::poll::PollAttempts;
use super::view::{self, PayoutView, QuoteView};
use super::{Subject, record_audit};
use crate::PayoutState;
use crate::app::request::{self, PayoutRequest};
use crate::domain::BankAccountId;
use crate::domain::payout::PayoutStatus;
use crate::error::RETRYABLE_WHEN_STALE;
use crate::store::payouts as store;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, IdempotencyKey, Page, Problem, Query, RawBody, ok, path_id};
use chassis::id;
use domain::{Money, PayoutId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

/// A payout to quote or to request.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PayoutInput {
    /// Amount in rupees, before tax and EMI.
    amount: Money,
    /// Whether to pay the oldest unpaid instalment out of the payout.
    emi_autofill: Option<bool>,
    /// Account to pay; default: the account of the approved KYC.
    bank_account_id: Option<BankAccountId>,
}

impl PayoutInput {
    fn to_request(&self, state: &PayoutState, caller: &Caller) -> PayoutRequest {
        PayoutRequest {
            user_id: caller.user_id,
            amount: self.amount,
            emi_autofill: self.emi_autofill.unwrap_or_default(),
            bank_account_id: self.bank_account_id,
            verification: verification_context(state, caller),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PayoutFilter {
    status: Option<PayoutStatus>,
    /// For staff only; other callers always get their own payouts.
    user_id: Option<UserId>,
}

pub(super) async fn quote(
    state: web::Data<PayoutState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let payout_request = body.json::<PayoutInput>().await?.value.to_request(&state, &caller);
    Ok(ok(&quote_with_retry(&state, &payout_request, &mut PollAttempts::new()).await?))
}

/// Quotes a payout and retries a refusal that an event in delivery may lift.
async fn quote_with_retry(
    state: &PayoutState,
    payout_request: &PayoutRequest,
    attempts: &mut PollAttempts,
) -> Result<QuoteView, Problem> {
    loop {
        let mut c = state.ctx.db().read().await?;
        let refusal = match request::quote(&mut c, &state.plans, payout_request).await {
            Ok(quote) => return Ok(quote.into()),
            Err(error) => Problem::from(error),
        };
        drop(c);
        if !RETRYABLE_WHEN_STALE.contains(&refusal.code) || !attempts.wait().await {
            return Err(refusal);
        }
    }
}

pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<PayoutInput>().await?;
    let payout_request = &input.value.to_request(&state, &caller);
    let mut attempts = PollAttempts::new();
    loop {
        let (actor, at, plans) = (&caller, payout_request.verification.now, &state.plans);
        let created = idem.run(&state.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
            let payout = request::create(c, plans, payout_request, id::fresh()).await?;
            record_audit(c, actor, at, "payout.request", Subject::Payout(payout.id, payout.user_id), "").await?;
            Ok::<PayoutView, Problem>(view::payout_view(payout, 0))
        });
        match created.await {
            // The member's row is locked only while a request is decided, not while waiting for events.
            Err(refusal) if RETRYABLE_WHEN_STALE.contains(&refusal.code) => {
                if !attempts.wait().await || quote_with_retry(&state, payout_request, &mut attempts).await.is_err() {
                    return Err(refusal);
                }
            }
            result => return result,
        }
    }
}

pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    page: Page,
    Query(filter): Query<PayoutFilter>,
) -> Result<HttpResponse, Problem> {
    let user_id = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let query = store::PayoutQuery { user_id, status: filter.status, after: page.after_id()? };
    let mut c = state.ctx.db().read().await?;
    let rows = store::list(&mut c, query, page.fetch_limit()).await?;
    let views = view::payout_views(&mut c, rows).await?;
    Ok(ok(&page.listing(views, |p| Cursor::Id(p.id.uuid()), |p| p)))
}

pub(super) async fn get(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let payout = load_visible(&state, &caller, &path).await?;
    let mut c = state.ctx.db().read().await?;
    Ok(ok(&view::payout_views(&mut c, vec![payout]).await?.pop()))
}

/// Loads the payout of the path. Errors with 404 if it does not exist or the caller may not see it.
pub(super) async fn load_visible(state: &PayoutState, caller: &Caller, path: &str) -> Result<store::Payout, Problem> {
    let id: PayoutId = path_id(path)?;
    let mut c = state.ctx.db().read().await?;
    let payout = store::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(payout.user_id)?;
    Ok(payout)
}
