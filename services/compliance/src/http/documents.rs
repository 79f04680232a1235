//! Documents: whose, what they are, and what staff say of them.

use crate::Compliance;
use crate::app::record_download::record_download;
use crate::app::review_document::review_document;
use crate::domain::document::{ContentType, DocumentId, Status, Verdict, may_review};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Page, Problem, Query, ok, path_id};
use domain::{FreeText, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MOST_REASON: usize = 500;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DocumentView {
    id: DocumentId,
    user_id: UserId,
    kind: String,
    /// What the bytes were found to be.
    content_type: ContentType,
    /// Bytes.
    size: i64,
    /// Hexadecimal, of the whole file.
    sha256: String,
    status: Status,
    /// Why it was rejected.
    reason: Option<String>,
    uploaded_at: Timestamp,
    reviewed_at: Option<Timestamp>,
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        Self {
            id: document.id,
            user_id: document.user_id,
            kind: document.kind,
            content_type: document.content_type,
            size: document.size_bytes,
            sha256: document.sha256.iter().map(|b| format!("{b:02x}")).collect(),
            status: document.status,
            reason: Some(document.reason).filter(|reason| !reason.is_empty()),
            uploaded_at: document.uploaded_at,
            reviewed_at: document.reviewed_at,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Filter {
    status: Option<Status>,
    /// Staff: one member's.
    user_id: Option<UserId>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Rejection {
    /// 1 to 500 characters; the member reads it.
    reason: FreeText,
}

pub(super) async fn list(
    app: web::Data<Compliance>,
    caller: Caller,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let before = page.after_id()?;
    let mut c = app.ctx.db().read().await?;
    let rows = documents::list(&mut c, user, filter.status, before, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), DocumentView::from)))
}

async fn visible(app: &Compliance, caller: &Caller, path: &str) -> Result<Document, Problem> {
    let id = path_id(path)?;
    let mut c = app.ctx.db().read().await?;
    let found = documents::find(&mut c, id).await?;
    found.filter(|document| caller.may_see(document.user_id)).ok_or_else(Problem::not_found)
}

pub(super) async fn show(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&DocumentView::from(visible(&app, &caller, &path).await?)))
}

/// The file, as something to save: never as a page of this origin.
pub(super) async fn content(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let document = visible(&app, &caller, &path).await?;
    let bytes = app.blobs.get(&document.blob_name).await?;
    if Sha256::digest(&bytes).as_slice() != document.sha256 {
        return Err(Problem::internal(format!("the bytes of document {} are not those that were stored", document.id)));
    }
    if caller.role.is_staff() {
        // Nothing is given out that is not on record.
        let (who, shown, now) = (&caller, &document, app.ctx.now());
        app.ctx.tx(async |c| record_download(c, who, shown, now).await.map_err(Problem::from)).await?;
    }
    let disposition = format!("attachment; filename=\"{}.{}\"", document.id, document.content_type.extension());
    Ok(HttpResponse::Ok()
        .content_type(document.content_type.as_str())
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Content-Security-Policy", "sandbox; default-src 'none'"))
        .insert_header(("Cache-Control", "private, no-store"))
        .body(bytes))
}

pub(super) async fn verify(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&app, &caller, &path).await?;
    decide(&app, &caller, id, Verdict::Verify).await
}

pub(super) async fn reject(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id = somebody_elses(&app, &caller, &path).await?;
    let input = body.json_or::<Rejection>("compliance.review_invalid").await?.value;
    let reason = input.reason.trim();
    let mut errors = FieldErrors::new();
    let fits = (1..=MOST_REASON).contains(&reason.chars().count());
    errors.require("reason", fits, "length", format!("1 to {MOST_REASON} characters"));
    errors.require_readable("reason", reason);
    errors.finish("compliance.review_invalid")?;
    decide(&app, &caller, id, Verdict::Reject { reason }).await
}

/// The document, if there is one and it is not the caller's: 403 and 404 come before the body is looked at.
async fn somebody_elses(app: &Compliance, caller: &Caller, path: &str) -> Result<DocumentId, Problem> {
    let document = visible(app, caller, path).await?;
    may_review(document.user_id, caller.user_id).map_err(ComplianceError::from)?;
    Ok(document.id)
}

async fn decide(
    app: &Compliance,
    caller: &Caller,
    id: DocumentId,
    verdict: Verdict<'_>,
) -> Result<HttpResponse, Problem> {
    let now = app.ctx.now();
    let document = app.ctx.tx(async |c| review_document(c, caller, id, verdict, now).await).await?;
    Ok(ok(&DocumentView::from(document)))
}
