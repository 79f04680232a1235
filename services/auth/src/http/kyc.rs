//! KYC: members apply, staff review. Numbers are shown masked, to everyone.

use super::input::{self, AddressInput, Private};
use super::view::Address;
use crate::app::review_kyc::{Reviewed, review_kyc};
use crate::app::submit_kyc::{Form, submit_kyc};
use crate::domain::kyc::{self as rules, AccountNumber, Decision, DocumentId, KycId, Pan};
use crate::error::AuthError;
use crate::state::Auth;
use crate::store::kyc::{self, Application};
use crate::store::{documents, users};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, Query, ok, path_id};
use db::DbConnection;
use domain::{KycStatus, PersonText, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// News of an upload may be on its way from compliance: it is waited for this often, this long.
const LOOKS: usize = 30;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BankInput {
    /// 9 to 18 digits.
    account_number: Private,
    ifsc: String,
    holder_name: PersonText,
    bank_name: PersonText,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct KycInput {
    pan: Private,
    /// The last four digits. The whole number is refused.
    aadhaar_last4: Private,
    bank: BankInput,
    address: AddressInput,
    document_ids: Option<Vec<DocumentId>>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct BankView {
    /// Masked.
    account_number: String,
    ifsc: String,
    holder_name: String,
    bank_name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct KycView {
    id: KycId,
    user_id: UserId,
    status: KycStatus,
    /// Masked.
    pan: String,
    aadhaar_last4: String,
    bank: BankView,
    address: Address,
    document_ids: Vec<DocumentId>,
    /// Why it was rejected.
    reason: Option<String>,
    submitted_at: Timestamp,
    decided_at: Option<Timestamp>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Filter {
    status: Option<KycStatus>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RejectInput {
    reason: PersonText,
}

impl KycView {
    fn new(row: Application, documents: &[(KycId, DocumentId)]) -> Self {
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
            address: Address {
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

pub(crate) async fn submit(
    auth: web::Data<Auth>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (now, applicant) = (auth.ctx.now(), caller.user_id);
    users::find(&mut *auth.ctx.db().read().await?, applicant).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_or::<KycInput>("auth.kyc_invalid").await?;
    let form = check(input.value)?;
    wait_for_documents(&auth, applicant, &form.document_ids).await?;
    let secrets = &*auth.secrets;
    idem.run(&auth.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let application = submit_kyc(c, secrets, applicant, &form, now).await?;
        Ok(view(c, application).await?)
    })
    .await
}

fn check(input: KycInput) -> Result<Form, Problem> {
    let mut errors = FieldErrors::new();
    let pan = Pan::try_new(&input.pan.0);
    errors.require("pan", pan.is_some(), "format", "five letters, four digits, one letter");
    let aadhaar_last4 = input.aadhaar_last4.0.trim().to_owned();
    let four = rules::is_aadhaar_last4(&aadhaar_last4);
    errors.require("aadhaar_last4", four, "format", "exactly the last four digits, never the whole number");
    let account_number = AccountNumber::try_new(&input.bank.account_number.0);
    errors.require("bank.account_number", account_number.is_some(), "format", "9 to 18 digits");
    let ifsc = input.bank.ifsc.trim().to_ascii_uppercase();
    errors.require("bank.ifsc", rules::is_ifsc(&ifsc), "format", "four letters, a zero, six letters or digits");
    let holder_name = input::name(&mut errors, "bank.holder_name", &input.bank.holder_name);
    let bank_name = input::name(&mut errors, "bank.bank_name", &input.bank.bank_name);
    let address = input.address.check(&mut errors);
    let mut document_ids = input.document_ids.unwrap_or_default();
    document_ids.sort();
    document_ids.dedup();
    let few = document_ids.len() <= rules::MAX_DOCUMENTS;
    errors.require("document_ids", few, "length", format!("at most {}", rules::MAX_DOCUMENTS));
    errors.finish("auth.kyc_invalid")?;
    let (Some(pan), Some(account_number)) = (pan, account_number) else {
        return Err(Problem::unprocessable("auth.kyc_invalid", "both numbers are needed"));
    };
    Ok(Form {
        pan,
        aadhaar_last4,
        account_number,
        ifsc,
        holder_name,
        bank_name,
        line1: address.line1,
        line2: address.line2,
        city: address.city,
        state: address.state,
        pincode: address.pincode,
        country: address.country,
        document_ids,
    })
}

/// Returns once all are known, or after a while: whether they are is decided when the form is taken.
async fn wait_for_documents(auth: &Auth, owner: UserId, ids: &[DocumentId]) -> Result<(), Problem> {
    for _ in 0..LOOKS {
        let own = documents::count_own(&mut *auth.ctx.db().write().await?, owner, ids).await?;
        if usize::try_from(own).ok() == Some(ids.len()) {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

async fn view(c: &mut DbConnection, application: Application) -> Result<KycView, AuthError> {
    let documents = kyc::attached(c, &[application.id]).await?;
    Ok(KycView::new(application, &documents))
}

pub(crate) async fn mine(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let c = &mut *auth.ctx.db().read().await?;
    let latest = kyc::latest_of(c, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    Ok(ok(&view(c, latest).await?))
}

pub(crate) async fn queue(auth: web::Data<Auth>, filter: Query<Filter>, page: Page) -> Result<HttpResponse, Problem> {
    let after = page.after_id()?;
    let c = &mut *auth.ctx.db().read().await?;
    let rows = kyc::list(c, filter.0.status, after, page.fetch_limit()).await?;
    let ids: Vec<KycId> = rows.iter().map(|row| row.id).collect();
    let documents = kyc::attached(c, &ids).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), |row| KycView::new(row, &documents))))
}

pub(crate) async fn one(auth: web::Data<Auth>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: KycId = path_id(&path)?;
    let c = &mut *auth.ctx.db().read().await?;
    let application = kyc::find(c, id).await?.ok_or_else(Problem::not_found)?;
    Ok(ok(&view(c, application).await?))
}

pub(crate) async fn approve(
    auth: web::Data<Auth>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&auth, &caller, &path).await?;
    decide(&auth, &caller, id, Decision::Approve).await
}

pub(crate) async fn reject(
    auth: web::Data<Auth>,
    caller: Caller,
    path: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&auth, &caller, &path).await?;
    let reason = body.json_or::<RejectInput>("auth.reason_invalid").await?.value.reason.into_string();
    let mut errors = FieldErrors::new();
    errors.require("reason", rules::is_reason(&reason), "length", "1 to 500 characters on one line");
    errors.finish("auth.reason_invalid")?;
    decide(&auth, &caller, id, Decision::Reject { reason: &reason }).await
}

/// The application, if there is one and it is not the caller's: 403 and 404 come before the body is looked at.
async fn somebody_elses(auth: &Auth, caller: &Caller, path: &str) -> Result<KycId, Problem> {
    let id: KycId = path_id(path)?;
    let found = kyc::find(&mut *auth.ctx.db().read().await?, id).await?;
    let application = found.ok_or_else(Problem::not_found)?;
    rules::may_review(caller.user_id, application.user_id).map_err(AuthError::from)?;
    Ok(application.id)
}

async fn decide(auth: &Auth, caller: &Caller, id: KycId, decision: Decision<'_>) -> Result<HttpResponse, Problem> {
    let now = auth.ctx.now();
    let (action, detail) = match decision {
        Decision::Approve => ("auth.kyc.approve", ""),
        Decision::Reject { reason } => ("auth.kyc.reject", reason),
    };
    let decided = auth
        .ctx
        .tx(async |c| match review_kyc(c, id, decision, caller.user_id, now).await? {
            Reviewed::Before(application) => view(c, application).await,
            Reviewed::Now(application) => {
                let action = Action {
                    action,
                    subject_type: "kyc",
                    subject_id: id.to_string(),
                    subject_user: Some(application.user_id),
                    detail,
                };
                audit::record(c, "auth", caller, now, action).await?;
                view(c, application).await
            }
        })
        .await?;
    Ok(ok(&decided))
}
