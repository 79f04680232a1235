//! An upload: multipart/form-data with a file and its kind.

use super::documents::DocumentView;
use crate::Compliance;
use crate::app::add_document::add_document;
use crate::blobs::random_name;
use crate::domain::document::{ContentType, Kind, LONGEST_SIDE, MOST_BYTES, MOST_PIXELS, Status};
use crate::picture;
use crate::store::documents::Document;
use actix_multipart::{Multipart, MultipartError};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, FieldErrors, Idempotent, Problem, REPLAYED};
use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use sha2::{Digest, Sha256};

/// What a form may have besides the file: its boundaries, headers and other fields.
const MOST_BESIDES: usize = 64 * 1024;

/// The form, for the documentation.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used; `read` takes the form apart")]
pub(super) struct Upload {
    /// A PDF, JPEG or PNG; what it is, its bytes say.
    #[schemars(extend("format" = "binary"))]
    file: String,
    /// 1 to 32 small letters, digits and underscores.
    kind: String,
}

/// The fields of the form that matter.
#[derive(Default)]
struct Form {
    file: Option<Bytes>,
    kind: Option<String>,
}

pub(super) async fn upload(
    app: web::Data<Compliance>,
    caller: Caller,
    idem: Idempotent,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let form = read(&request, body).await?;
    let (bytes, kind, content_type) = check(form)?;
    decode(&app, &bytes, content_type).await?;
    let document = Document {
        id: chassis::id::fresh(),
        user_id: caller.user_id,
        kind: kind.into_string(),
        content_type,
        size_bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        sha256: Sha256::digest(&bytes).to_vec(),
        blob_name: random_name(),
        status: Status::Pending,
        reason: String::new(),
        uploaded_at: app.ctx.now(),
        reviewed_by: None,
        reviewed_at: None,
    };
    // First the bytes, then the row: a row whose bytes are missing cannot come about. Bytes without a row can,
    // if the process dies in between or a store that does not answer took them; nothing names them.
    app.blobs.put(&document.blob_name, bytes.to_vec()).await?;
    let row = &document;
    // The form's boundary is another one each time: what it says is what must be the same.
    let said = Bytes::from([row.kind.as_bytes(), &[0], &row.sha256].concat());
    let answer = idem.run(&app.ctx, &caller, &said, StatusCode::CREATED, async |c| {
        add_document(c, row).await?;
        Ok::<DocumentView, Problem>(row.clone().into())
    });
    let answer = answer.await;
    let is_new = answer.as_ref().is_ok_and(|a| !a.headers().contains_key(REPLAYED));
    if !is_new {
        let _left_behind = app.blobs.remove(&document.blob_name).await;
    }
    answer
}

/// 422 unless all of a picture decodes: its first bytes prove little.
async fn decode(app: &Compliance, bytes: &Bytes, content_type: ContentType) -> Result<(), Problem> {
    let _turn = app.decoders.acquire().await.map_err(Problem::internal)?;
    let picture = bytes.clone();
    let is_whole = web::block(move || picture::is_whole(content_type, &picture)).await.map_err(Problem::internal)?;
    let mut errors = FieldErrors::new();
    let detail = format!("it cannot be decoded, or has more than {MOST_PIXELS} pixels or {LONGEST_SIDE} on a side");
    errors.require("file", is_whole, "undecodable", detail);
    errors.finish("compliance.document_invalid")
}

fn too_large() -> Problem {
    let detail = format!("a document may have at most {MOST_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", detail)
}

/// The whole body is bounded before it is taken apart, so that fields nobody asked for are too.
async fn read(request: &HttpRequest, body: Body) -> Result<Form, Problem> {
    let bytes = body.bytes(MOST_BYTES + MOST_BESIDES).await?;
    let mut parts = Multipart::new(request.headers(), stream::iter([Ok(bytes)]));
    let mut form = Form::default();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(malformed)?;
        let name = part.name().unwrap_or_default().to_owned();
        let value = match part.bytes(MOST_BYTES).await {
            Ok(value) => value.map_err(malformed)?,
            Err(_) => return Err(too_large()),
        };
        let twice = || Problem::bad_request("request.field_twice", format!("there is more than one `{name}`"));
        match name.as_str() {
            "file" if form.file.is_some() => return Err(twice()),
            "kind" if form.kind.is_some() => return Err(twice()),
            "file" => form.file = Some(value),
            "kind" => form.kind = Some(String::from_utf8_lossy(&value).into_owned()),
            _ => {}
        }
    }
    Ok(form)
}

fn malformed(error: MultipartError) -> Problem {
    use MultipartError::{ContentTypeIncompatible, ContentTypeMissing, ContentTypeParse};
    if matches!(error, ContentTypeMissing | ContentTypeParse | ContentTypeIncompatible) {
        let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Problem::new(unsupported, "request.not_multipart", "send multipart/form-data");
    }
    Problem::bad_request("request.malformed_form", error.to_string())
}

fn check(form: Form) -> Result<(Bytes, Kind, ContentType), Problem> {
    let file = form.file.unwrap_or_default();
    let kind = form.kind.as_deref().and_then(Kind::try_new);
    let content_type = ContentType::of(&file);
    let mut errors = FieldErrors::new();
    if file.is_empty() {
        errors.require("file", false, "required", "a file is needed");
    } else {
        errors.require("file", content_type.is_some(), "type", "its bytes are no PDF, JPEG or PNG");
    }
    errors.require("kind", kind.is_some(), "format", "1 to 32 small letters, digits and underscores");
    errors.finish("compliance.document_invalid")?;
    match (kind, content_type) {
        (Some(kind), Some(content_type)) => Ok((file, kind, content_type)),
        (None, _) | (_, None) => Err(Problem::internal("a checked form is complete")),
    }
}
