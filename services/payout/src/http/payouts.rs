//! Handlers for quoting, requesting and reading payouts.

use super::accounts::verification_context;
use super::view::{self, PayoutView, QuoteView};
use super::{Subject, record_audit};
use crate::app::request::{PayoutRequest, Quote};
use crate::domain::BankAccountId;
use crate::domain::payout::PayoutStatus;
use crate::store::payouts::{self as store, Payout};
use crate::{PayoutState, app};
use actix_web::web;
use domain::{Money, PayoutId, UserId};
use http_api::{Body, Caller, Created, Cursor, Idempotent, Json, Listing, Page, Path, Problem, Query, operation};
use runtime::id;
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

/// Quote a payout: its tax, EMI and net amount.
///
/// 422 if a request for the same payout would be refused.
#[operation]
pub(super) async fn quote(
    state: web::Data<PayoutState>,
    caller: Caller,
    body: Body<PayoutInput>,
) -> Result<Json<QuoteView>, Problem> {
    let payout_request = body.read().await?.to_request(&state, &caller);
    let quote = state.ctx.applied_events().await_projection(async || read_quote(&state, &payout_request).await).await?;
    Ok(Json::new(quote.into()))
}

async fn read_quote(state: &PayoutState, payout_request: &PayoutRequest) -> Result<Quote, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(app::request::quote(&mut c, &state.plans, payout_request).await?)
}

/// Request a payout.
///
/// 422 without an approved KYC or a verified bank account of the member, while a clawback is due, and for an amount
/// below the minimum or above the available balance.
#[operation]
pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    request: Idempotent<PayoutInput>,
) -> Result<Created<PayoutView>, Problem> {
    let (input, request) = request.read().await?;
    let payout_request = input.to_request(&state, &caller);
    let mut is_repeated = false;
    state
        .ctx
        .applied_events()
        .await_projection(async || {
            // A request locks the member's row, so it is repeated only when a quote, which only reads, succeeds.
            if is_repeated {
                read_quote(&state, &payout_request).await?;
            }
            is_repeated = true;
            let created = request.run(&state.ctx, async |c| {
                let payout = app::request::create(c, &state.plans, &payout_request, id::fresh()).await?;
                let (now, subject) = (payout.requested_at, Subject::Payout(payout.id, payout.user_id));
                record_audit(c, &caller, now, "payout.request", subject, "").await?;
                Ok(view::payout_view(payout, 0))
            });
            created.await
        })
        .await
}

/// Payouts, newest first.
///
/// Members get their own payouts, staff those of all members.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    page: Page,
    Query(filter): Query<PayoutFilter>,
) -> Result<Json<Listing<PayoutView>>, Problem> {
    let user_id = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let query = store::PayoutQuery { user_id, status: filter.status, after: page.after_id()? };
    let mut c = state.ctx.db().read().await?;
    let rows = store::list(&mut c, query, page.fetch_limit()).await?;
    let views = view::payout_views(&mut c, rows).await?;
    Ok(Json::new(page.listing(views, |p| Cursor::Id(p.id.uuid()), |p| p)))
}

/// One payout.
///
/// 404 for a payout of another member, unless the caller is staff.
#[operation]
pub(super) async fn get(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
) -> Result<Json<PayoutView>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(view::load_payout_view(&mut c, payout).await?))
}

/// Loads a payout. Errors with 404 if it does not exist or the caller may not see it.
pub(super) async fn load_visible(state: &PayoutState, caller: &Caller, id: PayoutId) -> Result<Payout, Problem> {
    let mut c = state.ctx.db().read().await?;
    let payout = store::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(payout.user_id)?;
    Ok(payout)
}
