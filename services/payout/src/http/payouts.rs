//! Handlers for quoting, requesting and reading payouts.

use super::Subject;
use super::accounts::verification_context;
use super::view::{self, PayoutDetailView, PayoutView, QuoteView, StepView, TransferView};
use crate::app::request::{PayoutRequest, Quote};
use crate::domain::payout::PayoutStatus;
use crate::domain::{BankAccountId, BatchId};
use crate::store::payouts::{self as store, ListKey, Payout, PayoutQuery};
use crate::store::{payout_steps, transfers};
use crate::{PayoutState, app};
use actix_web::web;
use chassis::audit;
use domain::{Money, PayoutId, UserId};
use http_api::{
    Body, Caller, CommaSeparated, Created, Cursor, Idempotent, Json, Listing, Path, Problem, Query, StaffPage,
    TimeRange, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A payout to request.
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

/// A payout to quote.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct QuoteInput {
    /// Amount in rupees, before tax and EMI.
    amount: Money,
    /// Whether to pay the oldest unpaid instalment out of the payout.
    emi_autofill: Option<bool>,
    /// Account to pay; default: the account of the approved KYC.
    bank_account_id: Option<BankAccountId>,
    /// Whether to list the refusals of a request in the answer.
    estimate: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PayoutFilter {
    /// Statuses, separated by commas.
    #[schemars(with = "Option<String>")]
    status: Option<CommaSeparated<PayoutStatus>>,
    /// For staff only; other callers always get their own payouts.
    user_id: Option<UserId>,
    batch_id: Option<BatchId>,
    /// Smallest requested amount.
    min_amount: Option<Money>,
    /// `true`: only pending payouts that one of two people has approved.
    needs_second: Option<bool>,
    /// Requested from this day or time on.
    from: Option<String>,
    /// Requested until this day or time, inclusive.
    to: Option<String>,
}

impl PayoutFilter {
    /// Errors with 422 `payout.bad_filter` for an invalid date or time.
    fn into_query(self, caller: &Caller) -> Result<PayoutQuery, Problem> {
        let range = TimeRange::parse(self.from.as_deref(), self.to.as_deref(), "payout.bad_filter")?;
        let needs_second = self.needs_second.unwrap_or_default();
        let statuses = match (self.status, needs_second) {
            (statuses, false) => statuses.map(|CommaSeparated(statuses)| statuses),
            (None, true) => Some(BTreeSet::from([PayoutStatus::Pending])),
            (Some(CommaSeparated(mut statuses)), true) => {
                statuses.retain(|status| *status == PayoutStatus::Pending);
                Some(statuses)
            }
        };
        Ok(PayoutQuery {
            user_id: if caller.role.is_staff() { self.user_id } else { Some(caller.user_id) },
            batch_id: self.batch_id,
            statuses,
            min_amount: self.min_amount,
            needs_second,
            from: range.from,
            until: range.until,
        })
    }
}

/// Quote a payout: its tax, EMI and net amount.
///
/// 422 if a request for the same payout would be refused. With `estimate` the answer has the figures and the refusals,
/// and before the KYC is approved the tax is that of a member with a PAN; 422 only for an amount that is not positive
/// or out of range, and for an account of another member.
#[operation]
pub(super) async fn quote(
    state: web::Data<PayoutState>,
    caller: Caller,
    body: Body<QuoteInput>,
) -> Result<Json<QuoteView>, Problem> {
    let QuoteInput { amount, emi_autofill, bank_account_id, estimate } = body.read().await?;
    let payout_request = PayoutInput { amount, emi_autofill, bank_account_id }.to_request(&state, &caller);
    if estimate.unwrap_or_default() {
        let mut c = state.ctx.db().read().await?;
        return Ok(Json::new(app::request::estimate(&mut c, &payout_request).await?.into()));
    }
    let quote = state.ctx.applied_events().await_projection(async || read_quote(&state, &payout_request).await).await?;
    Ok(Json::new(quote.into()))
}

async fn read_quote(state: &PayoutState, payout_request: &PayoutRequest) -> Result<Quote, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(app::request::quote(&mut c, payout_request).await?)
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
                let payout = app::request::create(c, &payout_request, id::fresh()).await?;
                let (now, subject) = (payout.requested_at, Subject::Payout(payout.id, payout.user_id));
                audit::record(c, &caller, now, "payout.request", subject, "").await?;
                Ok(view::payout_view(payout, &[], &caller))
            });
            created.await
        })
        .await
}

/// List payouts.
///
/// Members get their own payouts, staff those of all members. 422 `payout.bad_filter` for an invalid date or time.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<PayoutFilter>,
) -> Result<Json<Listing<PayoutView>>, Problem> {
    let query = filter.into_query(&caller)?;
    // The indexes of times and of approvals are in the order of time, the others in that of ids.
    let has_time_index = query.needs_second || query.from.is_some() || query.until.is_some();
    let key = if has_time_index && query.batch_id.is_none() {
        ListKey::Time { after: page.after_time_and_id()? }
    } else {
        ListKey::Id { after: page.after_id()? }
    };
    let mut c = state.ctx.db().read().await?;
    let rows = store::list(&mut c, &query, (key, order), page.fetch_limit()).await?;
    let views = view::payout_views(&mut c, rows, &caller).await?;
    let cursor = |p: &PayoutView| match key {
        ListKey::Id { .. } => Cursor::Id(p.id.uuid()),
        ListKey::Time { .. } => Cursor::time_and_id(p.created_at, p.id.uuid()),
    };
    Ok(Json::new(page.listing(views, cursor, |p| p)))
}

/// One payout with the states that it reached.
///
/// 404 for a payout of another member, unless the caller is staff.
#[operation]
pub(super) async fn get(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
) -> Result<Json<PayoutDetailView>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    let steps = payout_steps::list(&mut c, id).await?;
    let history = steps.into_iter().map(|step| StepView::new(step, &caller)).collect();
    let transfer = if caller.role.is_staff() { transfers::find(&mut c, id).await? } else { None };
    let payout = view::load_payout_view(&mut c, payout, &caller).await?;
    Ok(Json::new(PayoutDetailView { payout, transfer: transfer.map(TransferView::from), history }))
}

/// Loads a payout. Errors with 404 if it does not exist or the caller may not see it.
pub(super) async fn load_visible(state: &PayoutState, caller: &Caller, id: PayoutId) -> Result<Payout, Problem> {
    let mut c = state.ctx.db().read().await?;
    let payout = store::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(payout.user_id)?;
    Ok(payout)
}
