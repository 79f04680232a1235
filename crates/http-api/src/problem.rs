//! Error responses: RFC 9457 `application/problem+json` with a stable, namespaced `code`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use db::{DbError, ErrorClass, TxError};
use runtime::error_chain::error_chain;
use runtime::projection::MayBeStale;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// Path into the body: `bank.ifsc`.
    pub field: String,
    /// A word such as `format` or `unknown`.
    pub code: &'static str,
    pub detail: String,
}

/// An error response. `detail` is shown to the client; the cause is only logged.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// Namespaced: `wallet.insufficient`.
    pub code: &'static str,
    pub detail: String,
    retryable: bool,
    may_be_stale: bool,
    /// Boxed, so that every `Result` with a problem in it stays small.
    details: Option<Box<ProblemDetails>>,
}

/// Parts that few problems have.
#[derive(Debug, Default)]
struct ProblemDetails {
    errors: Vec<FieldError>,
    retry_after_secs: Option<u64>,
    allow: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem with this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retryable: false, may_be_stale: false, details: None }
    }
    /// Marks a refusal that may come from events which are not applied yet; see [`runtime::projection`].
    #[must_use]
    pub fn stale_if(mut self, may_be_stale: bool) -> Self {
        self.may_be_stale = may_be_stale;
        self
    }
    /// 400: the request cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
    /// 401: there is no access token, or it is not accepted.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "auth.token_invalid", "sign in: a valid access token is needed")
    }
    /// 403: the role of the caller does not allow the operation.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "auth.forbidden", "your role does not allow this")
    }
    /// 404: the resource does not exist, or the caller may not see it.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "request.not_found", "there is nothing here")
    }
    /// 409: the state of the resource does not allow the operation.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }
    /// 422: the request violates a rule.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }
    /// 429: try again after `retry_after_secs`.
    pub fn too_many(code: &'static str, detail: impl Into<String>, retry_after_secs: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).with_retry_after(Duration::from_secs(retry_after_secs))
    }
    /// 503: a dependency is unavailable; try again after 2 seconds. `source` is logged.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "request.dependency_unavailable",
            "something this needs is not available right now; try again shortly",
        );
        problem.details_mut().retry_after_secs = Some(2);
        problem.details_mut().source = Some(source.into());
        problem
    }
    /// Sets `Retry-After`, in whole seconds and at least 1.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        // Rounded up, so that a client that waits this long does not come too early.
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.details_mut().retry_after_secs = Some(secs.max(1));
        self
    }
    /// 500: an unexpected error. `source` is logged.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut problem =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "request.internal", "something went wrong on our side");
        problem.details_mut().source = Some(source.into());
        problem
    }
    /// Sets the cause, which is logged and never shown.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.details_mut().source = Some(source.into());
        self
    }
    /// Sets the errors of single fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.details_mut().errors = errors;
        self
    }
    /// Sets `Allow`, for a 405.
    #[must_use]
    pub fn with_allow(mut self, methods: impl Into<String>) -> Self {
        self.details_mut().allow = Some(methods.into());
        self
    }
    /// The errors of single fields.
    pub fn errors(&self) -> &[FieldError] {
        self.details.as_ref().map_or(&[], |r| &r.errors)
    }
    /// The value of `Retry-After`.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.details.as_ref().and_then(|r| r.retry_after_secs)
    }
    /// The cause with its own causes, for the log. Never shown to a client.
    pub fn source_chain(&self) -> Option<String> {
        let source: &dyn std::error::Error = self.details.as_ref()?.source.as_deref()?;
        Some(error_chain(source))
    }
    /// Logs the cause of a 5xx.
    pub fn log(&self, request_id: &str) {
        if !self.status.is_server_error() {
            return;
        }
        let cause = self.source_chain().unwrap_or_default();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(code = self.code, %request_id, cause, "request failed: dependency unavailable");
        } else {
            tracing::error!(code = self.code, %request_id, cause, "request failed");
        }
    }
    fn details_mut(&mut self) -> &mut ProblemDetails {
        self.details.get_or_insert_default()
    }

    /// The JSON body.
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
    /// The id of the current request, for the body of a problem; set by [`crate::middleware`].
    pub(crate) static REQUEST_ID: String;
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }
    fn error_response(&self) -> HttpResponse {
        let request_id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
        self.log(&request_id);
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(secs) = self.retry_after_secs() {
            response.insert_header((header::RETRY_AFTER, secs));
        }
        if let Some(allow) = self.details.as_ref().and_then(|r| r.allow.as_deref()) {
            response.insert_header((header::ALLOW, allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(self.body(&request_id).to_string())
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let retryable = error.is_retryable();
        let mut problem = match error.class() {
            ErrorClass::Data => Self::internal(error),
            ErrorClass::Transient | ErrorClass::Environment => Self::unavailable(error),
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
impl MayBeStale for Problem {
    fn may_be_stale(&self) -> bool {
        self.may_be_stale
    }
}
impl TxError for Problem {
    fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Collects the errors of a request, so that one response names all of them.
///
/// ```
/// # use http_api::FieldErrors;
/// let mut errors = FieldErrors::new();
/// errors.require("pan", false, "format", "five letters, four digits, one letter");
/// let problem = errors.finish("auth.kyc_invalid").unwrap_err();
/// assert_eq!(problem.status.as_u16(), 422);
/// ```
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// No errors yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds an error unless the rule `holds`.
    pub fn require(&mut self, field: &str, holds: bool, code: &'static str, detail: impl Into<String>) {
        if !holds {
            self.0.push(FieldError { field: field.to_owned(), code, detail: detail.into() });
        }
    }
    /// The collected errors, for a problem that is no 422.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }
    /// Errors with 422 and all collected errors, if there are any.
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
