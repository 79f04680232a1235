//! HTTP handlers of KYC applications and their review. Responses contain personal numbers in masked form only.

use super::Subject;
use super::input::{self, AddressInput};
use super::view::AddressView;
use crate::app::review_kyc::review_kyc;
use crate::app::submit_kyc::{KycForm, submit_kyc};
use crate::domain::kyc::{self as rules, DocumentId, KycId};
use crate::domain::review::ReviewDecision;
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::kyc::{self, ApplicantRow, KycApplication, KycQuery};
use crate::store::users;
use actix_web::web;
use chassis::audit;
use db::{DbConnection, SortOrder};
use domain::bounded_text::MAX_REASON_CHARS;
use domain::secret::SecretText;
use domain::{AccountNumber, Day, Ifsc, KycStatus, Line, Pan, PersonName, Timestamp, Unvalidated, UserId};
use http_api::{
    Caller, Created, Cursor, Execution, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, Query, StaffPage,
    operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bank account in an application.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct BankInput {
    account_number: Unvalidated<AccountNumber>,
    ifsc: Unvalidated<Ifsc>,
    holder_name: Unvalidated<PersonName>,
    bank_name: Unvalidated<PersonName>,
}

/// KYC application.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct KycInput {
    pan: Unvalidated<Pan>,
    /// The last four digits only.
    aadhaar_last4: SecretText,
    bank: BankInput,
    address: AddressInput,
    document_ids: Option<Vec<DocumentId>>,
}

/// Bank account of an application.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BankView {
    /// Masked.
    account_number: String,
    ifsc: String,
    holder_name: String,
    bank_name: String,
}

/// KYC application with its review.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KycView {
    id: KycId,
    user_id: UserId,
    status: KycStatus,
    /// Masked.
    pan: String,
    aadhaar_last4: String,
    bank: BankView,
    address: AddressView,
    document_ids: Vec<DocumentId>,
    /// Reason of the rejection.
    reason: Option<String>,
    submitted_at: Timestamp,
    decided_at: Option<Timestamp>,
}

/// Member who applied, for the reviewer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ApplicantView {
    user_id: UserId,
    name: String,
    email: Option<String>,
    mobile: Option<String>,
    date_of_birth: Option<Day>,
    account_created_at: Timestamp,
    /// Applications of the member that were made before this one and rejected.
    earlier_rejections: usize,
}

impl ApplicantView {
    fn new(row: &ApplicantRow, earlier_rejections: usize) -> Self {
        let ApplicantRow { user_id, name, email, mobile, date_of_birth, account_created_at } = row.clone();
        Self { user_id, name, email, mobile, date_of_birth, account_created_at, earlier_rejections }
    }
}

/// KYC application with its applicant, for the reviewer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KycReviewView {
    #[serde(flatten)]
    application: KycView,
    applicant: ApplicantView,
    /// Who approved or rejected it.
    decided_by: Option<UserId>,
}

/// Filter of the list of applications.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct KycFilter {
    status: Option<KycStatus>,
    user_id: Option<UserId>,
}

/// Rejection of an application.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RejectInput {
    reason: Unvalidated<Line<MAX_REASON_CHARS>>,
}

impl KycView {
    fn new(row: KycApplication, documents: &[(KycId, DocumentId)]) -> Self {
        Self {
            document_ids: documents.iter().filter(|(id, _)| *id == row.id).map(|(_, document)| *document).collect(),
            id: row.id,
            user_id: row.user_id,
            status: row.status,
            pan: row.pan_mask,
            aadhaar_last4: row.aadhaar_last4,
            bank: BankView {
                account_number: row.account_mask,
                ifsc: row.ifsc,
                holder_name: row.holder_name,
                bank_name: row.bank_name,
            },
            address: AddressView {
                line1: row.line1,
                line2: row.line2,
                city: row.city,
                state: row.state,
                pincode: row.pincode,
                country: row.country,
            },
            reason: row.reason,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
        }
    }
}

/// Apply for KYC.
///
/// 409 while an application is pending or approved, 422 with the invalid fields or for a document that is not the
/// caller's own.
#[operation]
pub(crate) async fn create(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent<KycInput>,
) -> Result<Created<KycView>, Problem> {
    let now = state.ctx.now();
    users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let (input, request) = request.read_with_code("auth.kyc_invalid").await?;
    let form = validate(input)?;
    // The event of an upload may arrive from compliance after the application that names the document.
    let applied = state.ctx.applied_events();
    applied
        .await_projection(async || {
            request
                .run(&state.ctx, async |c| {
                    let application = submit_kyc(c, &state.secrets, caller.user_id, &form, now).await?;
                    Ok(load_view(c, application).await?)
                })
                .await
        })
        .await
}

fn validate(input: KycInput) -> Result<KycForm, Problem> {
    let mut errors = FieldErrors::new();
    let pan = input.pan.validate();
    errors.require("pan", pan.is_ok(), "format", "five letters, four digits, one letter");
    let aadhaar_last4 = input.aadhaar_last4.reveal().trim().to_owned();
    let is_last4 = rules::is_aadhaar_last4(&aadhaar_last4);
    errors.require("aadhaar_last4", is_last4, "format", "exactly the last four digits");
    let account_number = input.bank.account_number.validate();
    errors.require("bank.account_number", account_number.is_ok(), "format", "9 to 18 digits");
    let ifsc = input.bank.ifsc.validate();
    errors.require("bank.ifsc", ifsc.is_ok(), "format", "four letters, a zero, six letters or digits");
    let holder_name = input::validate_line(&mut errors, "bank.holder_name", &input.bank.holder_name);
    let bank_name = input::validate_line(&mut errors, "bank.bank_name", &input.bank.bank_name);
    let address = input.address.validate(&mut errors);
    let mut document_ids = input.document_ids.unwrap_or_default();
    document_ids.sort();
    document_ids.dedup();
    let is_within_limit = document_ids.len() <= rules::MAX_DOCUMENTS;
    errors.require("document_ids", is_within_limit, "length", format!("at most {}", rules::MAX_DOCUMENTS));
    errors.finish("auth.kyc_invalid")?;
    Ok(KycForm {
        pan: pan.map_err(Problem::internal)?,
        aadhaar_last4,
        account_number: account_number.map_err(Problem::internal)?,
        ifsc: ifsc.map_err(Problem::internal)?,
        holder_name,
        bank_name,
        address,
        document_ids,
    })
}

async fn load_view(c: &mut DbConnection, application: KycApplication) -> Result<KycView, AuthError> {
    let documents = kyc::list_documents(c, &[application.id]).await?;
    Ok(KycView::new(application, &documents))
}

/// Get my latest KYC application.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn get_own(state: web::Data<AuthState>, caller: Caller) -> Result<Json<KycView>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let latest = kyc::find_latest(c, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json::new(load_view(c, latest).await?))
}

/// List my KYC applications, newest first.
#[operation]
pub(crate) async fn list_own(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<Json<Listing<KycView>>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let query = KycQuery { status: None, user_id: Some(caller.user_id) };
    let rows = kyc::list(c, query, SortOrder::Descending, page.after_id()?, page.fetch_limit()).await?;
    let ids: Vec<KycId> = rows.iter().map(|row| row.id).collect();
    let documents = kyc::list_documents(c, &ids).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), |row| KycView::new(row, &documents))))
}

/// List KYC applications.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<KycFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<KycReviewView>>, Problem> {
    let KycFilter { status, user_id } = filter;
    let after = page.after_id()?;
    let c = &mut *state.ctx.db().read().await?;
    let rows = kyc::list(c, KycQuery { status, user_id }, order, after, page.fetch_limit()).await?;
    let reviews = load_reviews(c, rows).await?;
    Ok(Json::new(page.listing(reviews, |review| Cursor::Id(review.application.id.uuid()), |review| review)))
}

/// Adds documents, applicants and earlier rejections: one statement each for all applications.
async fn load_reviews(c: &mut DbConnection, rows: Vec<KycApplication>) -> Result<Vec<KycReviewView>, AuthError> {
    let ids: Vec<KycId> = rows.iter().map(|row| row.id).collect();
    let mut applicant_ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    applicant_ids.sort();
    applicant_ids.dedup();
    let documents = kyc::list_documents(c, &ids).await?;
    let applicants = kyc::list_applicants(c, &applicant_ids).await?;
    let rejected = kyc::list_rejected(c, &applicant_ids).await?;
    rows.into_iter()
        .map(|row| {
            let applicant = applicants.iter().find(|applicant| applicant.user_id == row.user_id);
            let is_earlier = |(user, id): &&(UserId, KycId)| *user == row.user_id && *id < row.id;
            let earlier_rejections = rejected.iter().filter(is_earlier).count();
            Ok(KycReviewView {
                applicant: ApplicantView::new(applicant.ok_or(AuthError::UnknownMember)?, earlier_rejections),
                decided_by: row.decided_by,
                application: KycView::new(row, &documents),
            })
        })
        .collect()
}

async fn load_review(c: &mut DbConnection, application: KycApplication) -> Result<KycReviewView, AuthError> {
    load_reviews(c, vec![application]).await?.pop().ok_or(AuthError::NotFound)
}

/// Get a KYC application.
#[operation]
pub(crate) async fn get(state: web::Data<AuthState>, Path(id): Path<KycId>) -> Result<Json<KycReviewView>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let application = kyc::find(c, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json::new(load_review(c, application).await?))
}

/// Approve a KYC application.
///
/// 403 `auth.own` for one's own application, 409 after a rejection and for a PAN that is approved for another member.
#[operation]
pub(crate) async fn approve(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<KycId>,
    request: Idempotent,
) -> Result<Json<KycReviewView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    let request = request.read_empty().await?;
    decide(&state, &caller, id, ReviewDecision::Approve, &request).await
}

/// Reject a KYC application.
///
/// 403 `auth.own` for one's own application, 409 after an approval or a rejection for another reason.
#[operation]
pub(crate) async fn reject(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<KycId>,
    request: Idempotent<RejectInput>,
) -> Result<Json<KycReviewView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    let (input, request) = request.read_with_code("auth.reason_invalid").await?;
    let mut errors = FieldErrors::new();
    let reason = input::validate_line(&mut errors, "reason", &input.reason);
    errors.finish("auth.reason_invalid")?;
    decide(&state, &caller, id, ReviewDecision::Reject { reason: &reason }, &request).await
}

/// Checks that the application exists and is not the caller's own. Runs before the body is read, so that 404 and 403
/// take precedence over 400 and 422.
async fn check_reviewable(state: &AuthState, caller: &Caller, id: KycId) -> Result<(), Problem> {
    let application = kyc::find(&mut *state.ctx.db().read().await?, id).await?;
    let application = application.ok_or_else(Problem::not_found)?;
    rules::may_review(caller.user_id, application.user_id).map_err(AuthError::from)?;
    Ok(())
}

async fn decide(
    state: &AuthState,
    caller: &Caller,
    id: KycId,
    decision: ReviewDecision<'_>,
    request: &Execution,
) -> Result<Json<KycReviewView>, Problem> {
    let now = state.ctx.now();
    let (action, detail) = match decision {
        ReviewDecision::Approve => ("auth.kyc.approve", ""),
        ReviewDecision::Reject { reason } => ("auth.kyc.reject", reason),
    };
    request
        .run(&state.ctx, async |c| {
            let (application, changed) = review_kyc(c, id, decision, caller.user_id, now).await?;
            if changed {
                let subject = Subject::Kyc(id, application.user_id);
                audit::record(c, caller, now, action, subject, detail).await?;
            }
            Ok(load_review(c, application).await?)
        })
        .await
}
