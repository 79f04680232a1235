//! HTTP handlers of applications to become a distributor, and of their review.

use super::Subject;
use super::consents::{AcceptanceView, acceptance_of, read_hash};
use super::input;
use super::names::Names;
use crate::app::apply_distributor::apply_distributor;
use crate::app::review_distributor::review_distributor;
use crate::domain::distributor::{self as rules, ApplicationStatus, DistributorApplicationId};
use crate::domain::review::ReviewDecision;
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::distributor_applications::{self as applications, Application, ApplicationQuery};
use crate::store::users;
use actix_web::web;
use chassis::audit;
use db::{DbConnection, SortOrder};
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Line, Timestamp, Unvalidated, UserId};
use http_api::{
    Caller, Created, Cursor, Execution, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, QUEUE_COUNT_LIMIT,
    Query, QueueCount, QueueCounts, StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Application to become a distributor.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DistributorApplicationInput {
    /// Content hash of the terms that the member has read and accepts: `hash` of `GET /terms/distributor`.
    terms_hash: String,
}

/// Application to become a distributor, with its review.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DistributorApplication")]
pub(crate) struct ApplicationView {
    id: DistributorApplicationId,
    user_id: UserId,
    status: ApplicationStatus,
    accepted_terms: AcceptanceView,
    /// Reason of the rejection.
    reason: Option<String>,
    submitted_at: Timestamp,
    decided_at: Option<Timestamp>,
}

impl From<Application> for ApplicationView {
    fn from((row, acceptance): Application) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            status: row.status,
            accepted_terms: acceptance.into(),
            reason: row.reason,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
        }
    }
}

/// Application to become a distributor, for the reviewer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DistributorReview")]
pub(crate) struct ReviewView {
    #[serde(flatten)]
    application: ApplicationView,
    applicant_name: String,
    /// Who decided; absent for an automatic approval.
    decided_by: Option<UserId>,
}

/// Filter of the list of applications.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ApplicationFilter {
    status: Option<ApplicationStatus>,
    user_id: Option<UserId>,
}

/// Rejection of an application.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RejectApplicationInput {
    reason: Unvalidated<Line<MAX_REASON_CHARS>>,
}

/// Apply to become a distributor.
///
/// Accepts the current distributor terms; the acceptance is kept without limit. 403 `auth.step_up_required` without a
/// one-time code proved in the last five minutes. 409 `auth.application_pending`, `auth.distributor_already`,
/// `auth.members_only` for staff, and `auth.terms_outdated` when there is a later version of the terms; 422
/// `auth.terms_unknown`. Where the platform approves automatically, the answer is `approved`.
#[operation]
pub(crate) async fn create(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent<DistributorApplicationInput>,
) -> Result<Created<ApplicationView>, Problem> {
    let now = state.ctx.now();
    users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    caller.require_recent_proof(now)?;
    let (input, request) = request.read().await?;
    let hash = read_hash(&input.terms_hash)?;
    let acceptance = acceptance_of(&caller, hash);
    let mode = state.distributor_approval;
    request
        .run(&state.ctx, async |c| Ok(apply_distributor(c, caller.user_id, &acceptance, mode, now).await?.into()))
        .await
}

/// Get my latest application to become a distributor.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn get_own(state: web::Data<AuthState>, caller: Caller) -> Result<Json<ApplicationView>, Problem> {
    let latest = applications::find_latest(&mut *state.ctx.db().read().await?, caller.user_id).await?;
    Ok(Json::new(latest.ok_or_else(Problem::not_found)?.into()))
}

/// List my applications to become a distributor, newest first.
#[operation]
pub(crate) async fn list_own(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<Json<Listing<ApplicationView>>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let query = ApplicationQuery { status: None, user_id: Some(caller.user_id) };
    let rows = applications::list(c, query, SortOrder::Descending, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |(row, _)| Cursor::Id(row.id.uuid()), ApplicationView::from)))
}

/// List applications to become a distributor.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<ApplicationFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<ReviewView>>, Problem> {
    let ApplicationFilter { status, user_id } = filter;
    let c = &mut *state.ctx.db().read().await?;
    let query = ApplicationQuery { status, user_id };
    let rows = applications::list(c, query, order, page.after_id()?, page.fetch_limit()).await?;
    let reviews = load_reviews(c, rows).await?;
    Ok(Json::new(page.listing(reviews, |review| Cursor::Id(review.application.id.uuid()), |review| review)))
}

/// Count the applications to become a distributor that wait for staff.
///
/// `distributors.pending` are the pending applications.
#[operation]
pub(crate) async fn count(state: web::Data<AuthState>) -> Result<Json<QueueCounts>, Problem> {
    let pending = applications::list_pending_times(&mut *state.ctx.db().read().await?, QUEUE_COUNT_LIMIT).await?;
    Ok(Json::new(vec![QueueCount::new("distributors.pending", &pending)].into()))
}

/// Get an application to become a distributor.
#[operation]
pub(crate) async fn get(
    state: web::Data<AuthState>,
    Path(id): Path<DistributorApplicationId>,
) -> Result<Json<ReviewView>, Problem> {
    Ok(Json::new(load_review(&mut *state.ctx.db().read().await?, id).await?))
}

/// Adds the names of the applicants.
async fn load_reviews(c: &mut DbConnection, rows: Vec<Application>) -> Result<Vec<ReviewView>, AuthError> {
    let names = Names::load(c, rows.iter().map(|(row, _)| row.user_id)).await?;
    let review = |(row, acceptance): Application| {
        Ok(ReviewView {
            applicant_name: names.of(row.user_id)?,
            decided_by: row.decided_by,
            application: (row, acceptance).into(),
        })
    };
    rows.into_iter().map(review).collect()
}

async fn load_review(c: &mut DbConnection, id: DistributorApplicationId) -> Result<ReviewView, AuthError> {
    let application = applications::find(c, id).await?.ok_or(AuthError::NotFound)?;
    load_reviews(c, vec![application]).await?.pop().ok_or(AuthError::NotFound)
}

/// Approve an application to become a distributor.
///
/// The member is a distributor from then on. 403 `auth.own` for one's own application, 409 `auth.application_decided`
/// after a rejection.
#[operation]
pub(crate) async fn approve(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<DistributorApplicationId>,
    request: Idempotent,
) -> Result<Json<ReviewView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    let request = request.read_empty().await?;
    decide(&state, &caller, id, ReviewDecision::Approve, &request).await
}

/// Reject an application to become a distributor.
///
/// 403 `auth.own` for one's own application, 409 `auth.application_decided` after an approval or a rejection for another
/// reason.
#[operation]
pub(crate) async fn reject(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<DistributorApplicationId>,
    request: Idempotent<RejectApplicationInput>,
) -> Result<Json<ReviewView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    let (input, request) = request.read_with_code("auth.reason_invalid").await?;
    let mut errors = FieldErrors::new();
    let reason = input::validate_line(&mut errors, "reason", &input.reason);
    errors.finish("auth.reason_invalid")?;
    decide(&state, &caller, id, ReviewDecision::Reject { reason: &reason }, &request).await
}

/// Checks that the application exists and is not the caller's own. Runs before the body is read.
async fn check_reviewable(state: &AuthState, caller: &Caller, id: DistributorApplicationId) -> Result<(), Problem> {
    let found = applications::find(&mut *state.ctx.db().read().await?, id).await?;
    let (application, _) = found.ok_or_else(Problem::not_found)?;
    rules::may_review(caller.user_id, application.user_id).map_err(AuthError::from)?;
    Ok(())
}

async fn decide(
    state: &AuthState,
    caller: &Caller,
    id: DistributorApplicationId,
    decision: ReviewDecision<'_>,
    request: &Execution,
) -> Result<Json<ReviewView>, Problem> {
    let now = state.ctx.now();
    let (action, detail) = match decision {
        ReviewDecision::Approve => ("auth.distributor.approve", ""),
        ReviewDecision::Reject { reason } => ("auth.distributor.reject", reason),
    };
    request
        .run(&state.ctx, async |c| {
            let (application, changed) = review_distributor(c, id, decision, caller.user_id, now).await?;
            if changed {
                let subject = Subject::DistributorApplication(id, application.user_id);
                audit::record(c, caller, now, action, subject, detail).await?;
            }
            Ok(load_review(c, id).await?)
        })
        .await
}
