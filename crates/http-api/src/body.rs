//! JSON request bodies, read by the handler, so that 401, 403 and 404 are decided before.

use crate::Problem;
use crate::problem::FieldError;
use crate::strict::{self, Strict};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::rule_violation;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Bytes of a JSON body at most.
pub const MAX_JSON_BYTES: usize = 64 * 1024;

/// Code for a rule that the type of a field checks, unless the service gives its own code.
const RULE_VIOLATION_CODE: &str = "request.broken_rule";

/// Characters of an unknown field's name that a problem shows.
const MAX_FIELD_NAME_CHARS: usize = 100;

const UNKNOWN_FIELD_CODE: &str = "request.unknown_field";

/// A body that has not been read yet. Extracting it never fails.
pub struct RawBody {
    payload: Payload,
    content_length: Option<usize>,
    content_type: Option<HeaderValue>,
}

impl FromRequest for RawBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::take(request, payload)))
    }
}

impl RawBody {
    /// Takes the body of a request, unread.
    pub(crate) fn take(request: &HttpRequest, payload: &mut Payload) -> Self {
        let headers = request.headers();
        let content_length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        Self {
            payload: payload.take(),
            content_length: content_length.and_then(|v| v.parse().ok()),
            content_type: headers.get(header::CONTENT_TYPE).cloned(),
        }
    }

    /// The header `Content-Type` as it came.
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.content_type.as_ref()
    }

    /// Reads the body as bytes; 413 for more than `limit`.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Problem> {
        let too_large = || {
            let detail = format!("a body may have at most {limit} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", detail)
        };
        if self.content_length.is_some_and(|n| n > limit) {
            return Err(too_large());
        }
        let mut payload = self.payload;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|e| Problem::bad_request("request.body_incomplete", e.to_string()))?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Reads the body as JSON. 413 for more than 64 KiB, 415 for another content type, 400 for malformed JSON or a
    /// wrong type, 422 for an unknown field or a rule violation.
    pub async fn json<T: DeserializeOwned>(self) -> Result<ParsedBody<T>, Problem> {
        self.check_content_type()?;
        let bytes = self.bytes(MAX_JSON_BYTES).await?;
        parse(bytes)
    }

    /// Like [`RawBody::json`]; an empty body counts as an empty object.
    pub async fn json_or_empty<T: DeserializeOwned>(self) -> Result<ParsedBody<T>, Problem> {
        if self.content_length.is_some_and(|n| n > 0) {
            self.check_content_type()?;
        }
        let bytes = self.bytes(MAX_JSON_BYTES).await?;
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        parse(if blank { Bytes::from_static(b"{}") } else { bytes })
    }

    fn check_content_type(&self) -> Result<(), Problem> {
        let Some(content_type) = &self.content_type else { return Ok(()) };
        let media_type = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        if media_type.trim().eq_ignore_ascii_case("application/json") {
            return Ok(());
        }
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.not_json", "send application/json"))
    }
}

pub(crate) fn with_rule_code(mut problem: Problem, rule_code: &'static str) -> Problem {
    if problem.code == RULE_VIOLATION_CODE {
        problem.code = rule_code;
    }
    problem
}

/// A value parsed from a body.
#[derive(Debug)]
pub struct ParsedBody<T> {
    pub value: T,
    /// The body as it came, for the hash of an idempotent request.
    pub bytes: Bytes,
}

fn parse<T: DeserializeOwned>(bytes: Bytes) -> Result<ParsedBody<T>, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value: T = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|e| {
        let path = e.path().to_string();
        problem_for(&path, e.inner())
    })?;
    reader.end().map_err(|e| Problem::bad_request("request.malformed_json", e.to_string()))?;
    Ok(ParsedBody { value, bytes })
}

/// 422 for an unknown field or a rule violation, else 400.
fn problem_for(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        return Problem::bad_request("request.malformed_json", text);
    }
    if let Some(name) = strict::unknown_field(&text) {
        // The path ends at the object, followed by `?` for the field in it.
        let object = path.trim_end_matches(['?', '.']);
        let name: String = name.chars().take(MAX_FIELD_NAME_CHARS).collect();
        let field = if object.is_empty() { name } else { format!("{object}.{name}") };
        let detail = format!("{field}: the field does not exist, or cannot be set here");
        let error =
            FieldError { field, code: "unknown", detail: "the field does not exist, or cannot be set here".to_owned() };
        return Problem::unprocessable(UNKNOWN_FIELD_CODE, detail).with_errors(vec![error]);
    }
    let at = |problem: Problem, code, detail| {
        let field = FieldError { field: path.to_owned(), code, detail };
        if path == "." { problem } else { problem.with_errors(vec![field]) }
    };
    match rule_violation::rule_of(&text) {
        Some(rule) => {
            let rule = rule.rsplit_once(" at line ").map_or(rule, |(rule, _)| rule);
            let problem = Problem::unprocessable(RULE_VIOLATION_CODE, format!("{path}: {rule}"));
            at(problem, "invalid", rule.to_owned())
        }
        None => at(Problem::bad_request("request.wrong_type", text.clone()), "wrong_type", text),
    }
}
