//! Document upload: multipart/form-data with the fields `file` and `kind`.

use super::Subject;
use super::documents::DocumentView;
use crate::ComplianceState;
use crate::app::add_document::add_document;
use crate::domain::document::{ContentType, DocumentKind, DocumentStatus, MAX_DOCUMENT_BYTES, may_upload_for_another};
use crate::store::documents::Document;
use actix_multipart::{Multipart, MultipartError};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes};
use blob_store::picture::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PIXELS, PictureType};
use blob_store::random_blob_name;
use blob_store::scan::find_infection;
use chassis::audit;
use domain::UserId;
use futures_util::{StreamExt, stream};
use http_api::{Caller, Created, Doc, FieldErrors, Idempotent, Problem, RawBody, RequestBody, operation};
use schemars::JsonSchema;
use sha2::{Digest, Sha256};

/// Size limit of a form without its file: boundaries, headers and other fields.
const MAX_FORM_OVERHEAD_BYTES: usize = 64 * 1024;
/// Size limit of a form.
const MAX_FORM_BYTES: usize = MAX_DOCUMENT_BYTES + MAX_FORM_OVERHEAD_BYTES;

/// The form of an upload.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used; `parse_form` reads the form")]
pub(super) struct UploadDocumentInput {
    /// A PDF, JPEG or PNG; the type is detected from the bytes.
    #[schemars(extend("format" = "binary"))]
    file: String,
    /// 1 to 32 lowercase letters, digits and underscores.
    kind: String,
    /// The member whose document it is, for staff; by default the caller.
    user_id: Option<UserId>,
}

/// The fields of a parsed form; others are ignored.
#[derive(Default)]
struct UploadFields {
    file: Option<Bytes>,
    kind: Option<String>,
    user_id: Option<String>,
}

/// A valid form.
pub(super) struct Upload {
    bytes: Bytes,
    kind: DocumentKind,
    content_type: ContentType,
    sha256: Vec<u8>,
    user_id: Option<UserId>,
}

impl RequestBody for UploadDocumentInput {
    type Value = Upload;

    fn describe(doc: Doc) -> Doc {
        doc.form::<Self>()
    }

    /// Errors as [`parse_form`] and [`validate`] do. The hash of an idempotent request covers kind, member and content of
    /// the file, because the boundary of a form differs in each request.
    async fn read(body: RawBody) -> Result<(Upload, Bytes), Problem> {
        let upload = validate(parse_form(body).await?)?;
        let member = upload.user_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let hashed = [upload.kind.as_str().as_bytes(), &[0], &upload.sha256, &member].concat();
        Ok((upload, hashed.into()))
    }
}

/// Upload a document: multipart/form-data with `file` (PDF, JPEG or PNG, at most 5 MiB) and `kind`.
///
/// 413 for a file or form that is too large, 415 for another content type, 422 for a file or kind that is not accepted,
/// 409 when the member has too many documents. Staff upload a `delivery_note` for a member, who gets it as a verified
/// document; 403 for anything else of another member. Where files are scanned for viruses: 422 with `upload.infected`
/// for one in which a virus is found, and 503 with `upload.scan_unavailable` while the scanner does not work.
#[operation]
pub(super) async fn create(
    state: web::Data<ComplianceState>,
    caller: Caller,
    request: Idempotent<UploadDocumentInput>,
) -> Result<Created<DocumentView>, Problem> {
    let (Upload { bytes, kind, content_type, sha256, user_id }, request) = request.read().await?;
    let (owner, now) = (user_id.unwrap_or(caller.user_id), state.ctx.now());
    let is_for_another = owner != caller.user_id;
    if is_for_another && !may_upload_for_another(caller.role, &kind) {
        return Err(Problem::forbidden());
    }
    check_decodable(&state, &bytes, content_type).await?;
    refuse_infected(&state, &caller, &bytes, (&kind, &sha256)).await?;
    let document = Document {
        id: runtime::id::fresh(),
        user_id: owner,
        kind: kind.into_string(),
        content_type,
        size_bytes: u32::try_from(bytes.len()).map_err(Problem::internal)?.into(),
        sha256,
        blob_name: random_blob_name(),
        status: if is_for_another { DocumentStatus::Verified } else { DocumentStatus::Pending },
        reason: String::new(),
        uploaded_at: now,
        reviewed_by: is_for_another.then_some(caller.user_id),
        reviewed_at: is_for_another.then_some(now),
    };
    // Bytes before row, so that no row lacks its bytes. A crash or a lost answer of the store leaves bytes without a
    // row, which are unreachable and harmless.
    state.blobs.put(&document.blob_name, bytes.to_vec()).await?;
    let created = request.run(&state.ctx, async |c| {
        add_document(c, &document).await?;
        if is_for_another {
            let subject = Subject::Document(document.id, owner);
            audit::record(c, &caller, now, "compliance.document_upload", subject, &document.kind).await?;
        }
        Ok(DocumentView::from(document.clone()))
    });
    let created = created.await;
    if created.as_ref().map_or(true, Created::is_repeated) {
        // The insertion failed, or an earlier request stored the same bytes.
        let _orphaned = state.blobs.delete(&document.blob_name).await;
    }
    created
}

/// Scans the file for viruses. 422 for an infected one, which is recorded in the audit log; 503 when it is not scanned.
async fn refuse_infected(
    state: &ComplianceState,
    caller: &Caller,
    bytes: &Bytes,
    (kind, sha256): (&DocumentKind, &[u8]),
) -> Result<(), Problem> {
    let Some(infection) = find_infection(&*state.scanner, bytes).await? else { return Ok(()) };
    let (action, now) = ("compliance.document_infected", state.ctx.now());
    let detail = format!("{}: {}, sha256 {}", kind.as_str(), infection.signature(), hex::encode(sha256));
    let subject = Subject::Uploader(caller.user_id);
    state
        .ctx
        .tx(async |c| audit::record_of_anyone(c, caller, now, action, (subject, Vec::new()), &detail).await)
        .await?;
    Err(infection.into())
}

/// Decodes a whole picture; 422 when that fails, since valid first bytes do not make a valid picture.
async fn check_decodable(state: &ComplianceState, bytes: &Bytes, content_type: ContentType) -> Result<(), Problem> {
    let picture = match content_type {
        ContentType::Pdf => return Ok(()),
        ContentType::Jpeg => PictureType::Jpeg,
        ContentType::Png => PictureType::Png,
    };
    let is_decodable = state.decoders.is_decodable(picture, bytes.clone()).await?;
    let mut errors = FieldErrors::new();
    let (pixels, side) = (MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PIXELS);
    let detail = format!("the picture cannot be decoded, or has more than {pixels} pixels or {side} on a side");
    errors.require("file", is_decodable, "undecodable", detail);
    errors.finish("compliance.document_invalid")
}

fn too_large() -> Problem {
    let detail = format!("a document may have at most {MAX_DOCUMENT_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", detail)
}

/// Parses the multipart form. The limit covers the whole body, so unknown fields count too. Errors with 413 for a body
/// or file that is too large, 400 for a repeated field or malformed form, 415 for another content type.
async fn parse_form(body: RawBody) -> Result<UploadFields, Problem> {
    let headers: HeaderMap = body.content_type().map(|value| (CONTENT_TYPE, value.clone())).into_iter().collect();
    let bytes = body.bytes(MAX_FORM_BYTES).await?;
    let mut parts = Multipart::new(&headers, stream::iter([Ok(bytes)]));
    let mut form = UploadFields::default();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(malformed)?;
        let name = part.name().unwrap_or_default().to_owned();
        let value = match part.bytes(MAX_DOCUMENT_BYTES).await {
            Ok(value) => value.map_err(malformed)?,
            Err(_) => return Err(too_large()),
        };
        let twice = || Problem::bad_request("request.field_twice", format!("the field `{name}` occurs more than once"));
        match name.as_str() {
            "file" if form.file.is_some() => return Err(twice()),
            "kind" if form.kind.is_some() => return Err(twice()),
            "user_id" if form.user_id.is_some() => return Err(twice()),
            "file" => form.file = Some(value),
            "kind" => form.kind = Some(String::from_utf8_lossy(&value).into_owned()),
            "user_id" => form.user_id = Some(String::from_utf8_lossy(&value).into_owned()),
            _ => {}
        }
    }
    Ok(form)
}

fn malformed(error: MultipartError) -> Problem {
    use MultipartError::{ContentTypeIncompatible, ContentTypeMissing, ContentTypeParse};
    if matches!(error, ContentTypeMissing | ContentTypeParse | ContentTypeIncompatible) {
        let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Problem::new(unsupported, "request.not_multipart", "the request must be multipart/form-data");
    }
    Problem::bad_request("request.malformed_form", error.to_string())
}

/// Validates the fields; 422 for a missing or invalid one.
fn validate(form: UploadFields) -> Result<Upload, Problem> {
    let file = form.file.unwrap_or_default();
    let kind = form.kind.as_deref().and_then(DocumentKind::try_new);
    let content_type = ContentType::detect(&file);
    let mut errors = FieldErrors::new();
    if file.is_empty() {
        errors.require("file", false, "required", "a file is required");
    } else {
        errors.require("file", content_type.is_some(), "type", "the content is not a PDF, JPEG or PNG");
    }
    let user_id = form.user_id.as_deref().map(str::parse).transpose();
    errors.require("user_id", user_id.is_ok(), "format", "the id of a member");
    errors.require("kind", kind.is_some(), "format", "1 to 32 lowercase letters, digits and underscores");
    errors.finish("compliance.document_invalid")?;
    match (kind, content_type) {
        (Some(kind), Some(content_type)) => {
            let sha256 = Sha256::digest(&file).to_vec();
            let user_id = user_id.map_err(Problem::internal)?;
            Ok(Upload { bytes: file, kind, content_type, sha256, user_id })
        }
        (None, _) | (_, None) => Err(Problem::internal("a validated form is complete")),
    }
}
