//! HTTP handlers of requests to erase personal data, and of their decision.

use super::names::Names;
use super::{Subject, input};
use crate::app::decide_erasure::{DecidedErasure, decide_erasure};
use crate::app::request_erasure::{request_erasure, withdraw_erasure};
use crate::domain::erasure::{self as rules, ErasureRequestId, ErasureStatus};
use crate::domain::review::ReviewDecision;
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::erasure_requests::{self as requests, ErasureRequest};
use crate::store::users;
use actix_web::web;
use chassis::audit;
use db::DbConnection;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Line, Timestamp, Unvalidated, UserId};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, QUEUE_COUNT_LIMIT, Query,
    QueueCount, QueueCounts, StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Request to erase personal data.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ErasureRequest")]
pub(crate) struct RequestView {
    id: ErasureRequestId,
    user_id: UserId,
    status: ErasureStatus,
    /// Reason of the rejection.
    reason: Option<String>,
    requested_at: Timestamp,
    /// When it was withdrawn or decided.
    decided_at: Option<Timestamp>,
}

impl From<ErasureRequest> for RequestView {
    fn from(row: ErasureRequest) -> Self {
        let ErasureRequest { id, user_id, status, reason, requested_at, decided_at, .. } = row;
        Self { id, user_id, status, reason, requested_at, decided_at }
    }
}

/// Request to erase personal data, for the office.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ErasureReview")]
pub(crate) struct ReviewView {
    #[serde(flatten)]
    request: RequestView,
    member_name: String,
    decided_by: Option<UserId>,
}

/// Filter of the list of requests.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RequestFilter {
    status: Option<ErasureStatus>,
}

/// Rejection of a request.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RejectErasureInput {
    reason: Unvalidated<Line<MAX_REASON_CHARS>>,
}

/// Request the erasure of my personal data.
///
/// An administrator decides. What tax law and the books need is kept: the PAN and bank account of approved KYC, payments,
/// payouts, certificates and accepted terms. 403 `auth.step_up_required` without a one-time code proved in the last five
/// minutes. 409 `auth.erasure_pending`, and `auth.members_only` for staff.
#[operation]
pub(crate) async fn create(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent,
) -> Result<Created<RequestView>, Problem> {
    let now = state.ctx.now();
    users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    caller.require_recent_proof(now)?;
    let request = request.read_empty().await?;
    request.run(&state.ctx, async |c| Ok(request_erasure(c, caller.user_id, now).await?.into())).await
}

/// Get my latest request to erase my personal data.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn get_own(state: web::Data<AuthState>, caller: Caller) -> Result<Json<RequestView>, Problem> {
    let latest = requests::find_latest(&mut *state.ctx.db().read().await?, caller.user_id).await?;
    Ok(Json::new(latest.ok_or_else(Problem::not_found)?.into()))
}

/// Withdraw my request to erase my personal data.
///
/// 404 without one, 409 `auth.erasure_decided` when it is decided.
#[operation]
pub(crate) async fn withdraw(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent,
) -> Result<Json<RequestView>, Problem> {
    let request = request.read_empty().await?;
    let now = state.ctx.now();
    request.run(&state.ctx, async |c| Ok(withdraw_erasure(c, caller.user_id, now).await?.into())).await
}

/// List requests to erase personal data.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<RequestFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<ReviewView>>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let rows = requests::list(c, filter.status, order, page.after_id()?, page.fetch_limit()).await?;
    let reviews = load_reviews(c, rows).await?;
    Ok(Json::new(page.listing(reviews, |review| Cursor::Id(review.request.id.uuid()), |review| review)))
}

/// Count the requests to erase personal data that wait for staff.
///
/// `erasures.pending` are the pending requests.
#[operation]
pub(crate) async fn count(state: web::Data<AuthState>) -> Result<Json<QueueCounts>, Problem> {
    let pending = requests::list_pending_times(&mut *state.ctx.db().read().await?, QUEUE_COUNT_LIMIT).await?;
    Ok(Json::new(vec![QueueCount::new("erasures.pending", &pending)].into()))
}

/// Get a request to erase personal data.
#[operation]
pub(crate) async fn get(
    state: web::Data<AuthState>,
    Path(id): Path<ErasureRequestId>,
) -> Result<Json<ReviewView>, Problem> {
    Ok(Json::new(load_review(&mut *state.ctx.db().read().await?, id).await?))
}

/// Adds the names of the members.
async fn load_reviews(c: &mut DbConnection, rows: Vec<ErasureRequest>) -> Result<Vec<ReviewView>, AuthError> {
    let names = Names::load(c, rows.iter().map(|row| row.user_id)).await?;
    let review = |row: ErasureRequest| {
        Ok(ReviewView { member_name: names.of(row.user_id)?, decided_by: row.decided_by, request: row.into() })
    };
    rows.into_iter().map(review).collect()
}

async fn load_review(c: &mut DbConnection, id: ErasureRequestId) -> Result<ReviewView, AuthError> {
    let request = requests::find(c, id).await?.ok_or(AuthError::NotFound)?;
    load_reviews(c, vec![request]).await?.pop().ok_or(AuthError::NotFound)
}

/// Erase a member's personal data.
///
/// Final. Ends the member's sessions and deactivates the account; name, e-mail address, mobile number, profile, nominee,
/// devices, notifications and the addresses in KYC are erased in every service. 403 `auth.own` for one's own request,
/// 409 `auth.erasure_decided` after a rejection or a withdrawal.
#[operation]
pub(crate) async fn approve(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<ErasureRequestId>,
) -> Result<Json<ReviewView>, Problem> {
    check_decidable(&state, &caller, id).await?;
    decide(&state, &caller, id, ReviewDecision::Approve).await
}

/// Reject a request to erase personal data.
///
/// 403 `auth.own` for one's own request, 409 `auth.erasure_decided` after a withdrawal, an erasure or a rejection for
/// another reason.
#[operation]
pub(crate) async fn reject(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<ErasureRequestId>,
    body: Body<RejectErasureInput>,
) -> Result<Json<ReviewView>, Problem> {
    check_decidable(&state, &caller, id).await?;
    let input = body.read_with_code("auth.reason_invalid").await?;
    let mut errors = FieldErrors::new();
    let reason = input::validate_line(&mut errors, "reason", &input.reason);
    errors.finish("auth.reason_invalid")?;
    decide(&state, &caller, id, ReviewDecision::Reject { reason: &reason }).await
}

/// Checks that the request exists and is not the caller's own. Runs before the body is read.
async fn check_decidable(state: &AuthState, caller: &Caller, id: ErasureRequestId) -> Result<(), Problem> {
    let found = requests::find(&mut *state.ctx.db().read().await?, id).await?;
    rules::may_decide(caller.user_id, found.ok_or_else(Problem::not_found)?.user_id).map_err(AuthError::from)?;
    Ok(())
}

async fn decide(
    state: &AuthState,
    caller: &Caller,
    id: ErasureRequestId,
    decision: ReviewDecision<'_>,
) -> Result<Json<ReviewView>, Problem> {
    let now = state.ctx.now();
    let (action, detail) = match decision {
        ReviewDecision::Approve => ("auth.erasure.approve", ""),
        ReviewDecision::Reject { reason } => ("auth.erasure.reject", reason),
    };
    let (review, ended) = state
        .ctx
        .tx(async |c| {
            let DecidedErasure { request, ended, changed } =
                decide_erasure(c, id, decision, caller.user_id, now).await?;
            if changed {
                let subject = Subject::ErasureRequest(id, request.user_id);
                audit::record(c, caller, now, action, subject, detail).await?;
            }
            Ok::<_, AuthError>((load_review(c, id).await?, ended))
        })
        .await?;
    state.revoke_tokens(ended).await;
    Ok(Json::new(review))
}
