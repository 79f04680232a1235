//! Every error answer: RFC 9457 `application/problem+json` with a stable, namespaced `code`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use db::{DbError, Fault, TxError};
use domain::words::is_readable;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What was wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// Path into the body: `bank.ifsc`.
    pub field: String,
    pub code: &'static str,
    pub detail: String,
}

/// An error answer. `detail` is shown to the client; what went wrong inside is logged, never shown.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    retryable: bool,
    /// Apart, so that every `Result` with a problem in it stays small.
    rare: Option<Box<Rare>>,
}

/// What few problems have.
#[derive(Debug, Default)]
struct Rare {
    errors: Vec<FieldError>,
    retry_after_secs: Option<u64>,
    allow: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retryable: false, rare: None }
    }
    /// 400: the request cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
    /// 401 for no token or one that is not accepted.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "auth.token_invalid", "sign in: a valid access token is needed")
    }
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "auth.forbidden", "your role does not allow this")
    }
    /// 404, the same whether it is not there or not yours.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "request.not_found", "there is nothing here")
    }
    /// 409: the state of the resource does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }
    /// 422: a rule is broken.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }
    pub fn too_many(code: &'static str, detail: impl Into<String>, retry_after_secs: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).with_retry_after(Duration::from_secs(retry_after_secs))
    }
    /// 503: something this service needs is down; it is worth trying again.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "request.dependency_unavailable",
            "something this needs is not available right now; try again shortly",
        );
        problem.rare_mut().retry_after_secs = Some(2);
        problem.rare_mut().source = Some(source.into());
        problem
    }
    /// The same, with how long to wait before another try.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        // Rounded up, so that whoever waits as told does not come too early.
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.rare_mut().retry_after_secs = Some(secs.max(1));
        self
    }
    /// 500. The cause goes to the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut problem =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "request.internal", "something went wrong on our side");
        problem.rare_mut().source = Some(source.into());
        problem
    }
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.rare_mut().errors = errors;
        self
    }
    /// Methods to name in `Allow`, on a 405.
    #[must_use]
    pub fn with_allow(mut self, methods: impl Into<String>) -> Self {
        self.rare_mut().allow = Some(methods.into());
        self
    }
    pub fn errors(&self) -> &[FieldError] {
        self.rare.as_ref().map_or(&[], |r| &r.errors)
    }
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.rare.as_ref().and_then(|r| r.retry_after_secs)
    }
    /// The cause, for the log alone.
    pub fn source_chain(&self) -> Option<String> {
        let mut error: &dyn std::error::Error = self.rare.as_ref()?.source.as_deref()?;
        let mut text = error.to_string();
        while let Some(next) = error.source() {
            text.push_str(": ");
            text.push_str(&next.to_string());
            error = next;
        }
        Some(text)
    }
    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The body as it is sent.
    pub fn body(&self, request_id: &str) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("urn:ev:problem:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        });
        if let (Some(map), false) = (body.as_object_mut(), self.errors().is_empty()) {
            map.insert("errors".into(), serde_json::json!(self.errors()));
        }
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.detail)
    }
}
impl std::error::Error for Problem {}

tokio::task_local! {
    /// The request id an error body names; set by [`super::edge`] for the request being answered.
    pub(crate) static REQUEST_ID: String;
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }
    fn error_response(&self) -> HttpResponse {
        let request_id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
        if self.status.is_server_error() {
            let cause = self.source_chain().unwrap_or_default();
            if self.status == StatusCode::SERVICE_UNAVAILABLE {
                tracing::warn!(code = self.code, %request_id, cause, "a request met an unavailable dependency");
            } else {
                tracing::error!(code = self.code, %request_id, cause, "a request failed");
            }
        }
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(secs) = self.retry_after_secs() {
            answer.insert_header((header::RETRY_AFTER, secs));
        }
        if let Some(allow) = self.rare.as_ref().and_then(|r| r.allow.as_deref()) {
            answer.insert_header((header::ALLOW, allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.body(self.body(&request_id).to_string())
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let retryable = error.is_retryable();
        let mut problem = match error.fault() {
            Fault::Data => Self::internal(error),
            Fault::Transient | Fault::Environment => Self::unavailable(error),
        };
        problem.retryable = retryable;
        problem
    }
}
impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}
impl TxError for Problem {
    fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Collects what is wrong with a request, so that the client hears all of it at once.
///
/// ```
/// # use chassis::http::FieldErrors;
/// let mut errors = FieldErrors::new();
/// errors.require("pan", false, "format", "five letters, four digits, one letter");
/// let problem = errors.finish("auth.kyc_invalid").unwrap_err();
/// assert_eq!(problem.status.as_u16(), 422);
/// ```
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn new() -> Self {
        Self::default()
    }
    /// Notes a broken rule unless it `holds`.
    pub fn require(&mut self, field: &str, holds: bool, code: &'static str, detail: impl Into<String>) {
        if !holds {
            self.0.push(FieldError { field: field.to_owned(), code, detail: detail.into() });
        }
    }
    /// Notes a text with control characters in it; line ends and tabs are none.
    pub fn require_readable(&mut self, field: &str, text: &str) {
        self.require(field, is_readable(text), "control_character", "must not contain control characters");
    }
    /// 422 with every noted error, if there is one.
    pub fn finish(self, code: &'static str) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some(first) => {
                let detail = format!("{}: {}", first.field, first.detail);
                Err(Problem::unprocessable(code, detail).with_errors(self.0))
            }
        }
    }
}
