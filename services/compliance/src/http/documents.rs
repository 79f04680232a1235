//! Documents: listing, download and review.

use super::Subject;
use crate::ComplianceState;
use crate::app::review_document::review_document;
use crate::domain::document::{ContentType, DocumentId, DocumentStatus, OFFERED_KINDS, ReviewDecision, may_review};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document, DocumentQuery};
use actix_web::web;
use chassis::audit;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Reason, Timestamp, Unvalidated, UserId};
use http_api::{
    Body, Caller, CommaSeparated, Cursor, Download, FieldErrors, FileTypes, Json, Listing, Path, Problem, Query,
    StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Ids in one request for documents.
const MAX_IDS: usize = 50;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DocumentView {
    id: DocumentId,
    user_id: UserId,
    kind: String,
    /// Detected from the bytes.
    content_type: ContentType,
    /// In bytes.
    size: i64,
    /// SHA-256 of the whole file, in hexadecimal.
    sha256: String,
    status: DocumentStatus,
    /// Reason of the rejection; null unless rejected.
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
            size: document.size_bytes.get().into(),
            sha256: hex::encode(&document.sha256),
            status: document.status,
            reason: Some(document.reason).filter(|reason| !reason.is_empty()),
            uploaded_at: document.uploaded_at,
            reviewed_at: document.reviewed_at,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct DocumentFilter {
    status: Option<DocumentStatus>,
    /// Documents of this member only; staff only, ignored for members.
    user_id: Option<UserId>,
    /// Ids of at most 50 documents, separated by commas. Ids of documents that the caller may not see are ignored.
    #[schemars(with = "Option<String>")]
    ids: Option<CommaSeparated<DocumentId, MAX_IDS>>,
}

/// Kinds of documents that a form offers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DocumentKindsView {
    items: Vec<DocumentKindView>,
}

/// A kind of documents.
#[derive(Debug, Serialize, JsonSchema)]
struct DocumentKindView {
    /// The `kind` of an upload.
    kind: &'static str,
    label: &'static str,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RejectDocumentInput {
    /// Shown to the member.
    reason: Unvalidated<Reason>,
}

/// Content types of a document.
pub(super) struct DocumentFile;

impl FileTypes for DocumentFile {
    const CONTENT_TYPES: &'static [&'static str] =
        &[ContentType::Pdf.as_str(), ContentType::Jpeg.as_str(), ContentType::Png.as_str()];
}

/// List documents: own, all members' for staff.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<DocumentFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<DocumentView>>, Problem> {
    let user = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let ids = filter.ids.map(|CommaSeparated(ids)| ids.into_iter().collect());
    let query = DocumentQuery { user, status: filter.status, ids, order, after: page.after_id()? };
    let mut c = state.ctx.db().read().await?;
    let rows = documents::list(&mut c, &query, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), DocumentView::from)))
}

/// Kinds of documents that a form offers.
///
/// An upload may have another kind too.
#[operation]
pub(super) async fn list_kinds() -> Result<Json<DocumentKindsView>, Problem> {
    let items = OFFERED_KINDS.map(|(kind, label)| DocumentKindView { kind, label });
    Ok(Json::new(DocumentKindsView { items: items.into() }))
}

/// Loads a document that the caller may see; 404 otherwise.
async fn load_visible(state: &ComplianceState, caller: &Caller, id: DocumentId) -> Result<Document, Problem> {
    let mut c = state.ctx.db().read().await?;
    let document = documents::find(&mut c, id).await?;
    document.filter(|document| caller.may_see(document.user_id)).ok_or_else(Problem::not_found)
}

/// One document.
///
/// 404 when the caller may not see it.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<Json<DocumentView>, Problem> {
    Ok(Json::new(load_visible(&state, &caller, id).await?.into()))
}

/// The content of a document.
///
/// It is an attachment, so that a browser never renders it as a page of this origin. A download by staff is recorded in
/// the audit log first. 404 when the caller may not see the document.
#[operation]
pub(super) async fn get_content(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<Download<DocumentFile>, Problem> {
    let document = load_visible(&state, &caller, id).await?;
    let bytes = state.blobs.get(&document.blob_name).await?;
    if Sha256::digest(&bytes).as_slice() != document.sha256 {
        return Err(Problem::internal(format!("the content of document {} does not match its SHA-256", document.id)));
    }
    if caller.role.is_staff() {
        let (action, now) = ("compliance.document_download", state.ctx.now());
        let subject = Subject::Document(document.id, document.user_id);
        state.ctx.tx(async |c| audit::record(c, &caller, now, action, subject, &document.kind).await).await?;
    }
    Ok(attachment(&document, bytes))
}

/// The file of a document, which a browser neither renders nor runs.
fn attachment(document: &Document, bytes: Vec<u8>) -> Download<DocumentFile> {
    let name = format!("{}.{}", document.id, document.content_type.extension());
    Download::attachment(document.content_type.as_str(), &name, bytes).sandboxed()
}

/// Verify a document.
///
/// 403 for the caller's own, 409 when it was rejected before.
#[operation]
pub(super) async fn verify(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<Json<DocumentView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    decide(&state, &caller, id, ReviewDecision::Verify).await
}

/// Reject a document with a reason.
///
/// 403 for the caller's own, 409 after another decision, 422 without a valid reason.
#[operation]
pub(super) async fn reject(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<DocumentId>,
    body: Body<RejectDocumentInput>,
) -> Result<Json<DocumentView>, Problem> {
    check_reviewable(&state, &caller, id).await?;
    let input = body.read_with_code("compliance.review_invalid").await?;
    let reason = input.reason.validate();
    let mut errors = FieldErrors::new();
    errors.require("reason", reason.is_ok(), "length", format!("1 to {MAX_REASON_CHARS} characters"));
    errors.finish("compliance.review_invalid")?;
    let reason = reason.map_err(Problem::internal)?;
    decide(&state, &caller, id, ReviewDecision::Reject { reason: reason.as_str() }).await
}

/// Checks that the caller may review the document, before the body is read. 404 when it is not visible, 403 for the
/// caller's own.
async fn check_reviewable(state: &ComplianceState, caller: &Caller, id: DocumentId) -> Result<(), Problem> {
    let document = load_visible(state, caller, id).await?;
    Ok(may_review(caller.user_id, document.user_id).map_err(ComplianceError::from)?)
}

async fn decide(
    state: &ComplianceState,
    caller: &Caller,
    id: DocumentId,
    decision: ReviewDecision<'_>,
) -> Result<Json<DocumentView>, Problem> {
    let now = state.ctx.now();
    let (action, detail) = match decision {
        ReviewDecision::Verify => ("compliance.document_verify", ""),
        ReviewDecision::Reject { reason } => ("compliance.document_reject", reason),
    };
    let document = state
        .ctx
        .tx(async |c| {
            let (document, changed) = review_document(c, id, decision, caller.user_id, now).await?;
            if changed {
                let changes = audit::Change::new("status", &DocumentStatus::Pending, &document.status).into_iter();
                let subject = (Subject::Document(id, document.user_id), changes.collect());
                audit::record_changes(c, caller, now, action, subject, detail).await?;
            }
            Ok::<_, Problem>(document)
        })
        .await?;
    Ok(Json::new(document.into()))
}
