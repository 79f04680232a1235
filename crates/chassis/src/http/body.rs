//! A JSON body, read when the handler asks for it: 401, 403 and 404 are decided before.

use super::Problem;
use super::problem::FieldError;
use super::strict::{self, Strict};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, http::header};
use domain::refused;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Most bytes of a JSON body.
pub const LIMIT: usize = 64 * 1024;

/// The code of a rule that the type of a field knows by itself, unless the service has a name for it.
const BROKEN_RULE: &str = "request.broken_rule";

/// Characters of an unknown field's name that are repeated.
const MAX_NAMED: usize = 100;

const UNKNOWN_FIELD: &str = "request.unknown_field";

/// A body that has not been read yet. Extracting it never fails.
pub struct Body {
    payload: Payload,
    declared: Option<usize>,
    content_type: Option<String>,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
        ready(Ok(Self {
            payload: payload.take(),
            declared: text(header::CONTENT_LENGTH).and_then(|v| v.parse().ok()),
            content_type: text(header::CONTENT_TYPE).map(str::to_ascii_lowercase),
        }))
    }
}

impl Body {
    /// The bytes as they came.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Problem> {
        let too_large = || {
            let detail = format!("a body may have at most {limit} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", detail)
        };
        if self.declared.is_some_and(|n| n > limit) {
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

    /// The body as JSON, with the bytes it was read from.
    pub async fn json<T: DeserializeOwned>(self) -> Result<Input<T>, Problem> {
        self.check_content_type()?;
        let bytes = self.bytes(LIMIT).await?;
        parse(bytes)
    }

    /// Like [`Body::json`]; an empty body is an empty object.
    pub async fn json_or_empty<T: DeserializeOwned>(self) -> Result<Input<T>, Problem> {
        if self.declared.is_some_and(|n| n > 0) {
            self.check_content_type()?;
        }
        let bytes = self.bytes(LIMIT).await?;
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        parse(if blank { Bytes::from_static(b"{}") } else { bytes })
    }

    /// Like [`Body::json`]; a rule that the type of a field knows by itself is broken by the service's own code.
    pub async fn json_or<T: DeserializeOwned>(self, broken_rule: &'static str) -> Result<Input<T>, Problem> {
        self.json().await.map_err(|problem| named(problem, broken_rule))
    }

    /// Like [`Body::json_or_empty`], with a code for broken rules as [`Body::json_or`] has it.
    pub async fn json_or_empty_or<T: DeserializeOwned>(self, broken_rule: &'static str) -> Result<Input<T>, Problem> {
        self.json_or_empty().await.map_err(|problem| named(problem, broken_rule))
    }

    fn check_content_type(&self) -> Result<(), Problem> {
        match &self.content_type {
            Some(t) if t.split(';').next().map(str::trim) != Some("application/json") => {
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.not_json", "send application/json"))
            }
            _ => Ok(()),
        }
    }
}

fn named(mut problem: Problem, broken_rule: &'static str) -> Problem {
    if problem.code == BROKEN_RULE {
        problem.code = broken_rule;
    }
    problem
}

/// A value read from a body, and the bytes it was read from.
#[derive(Debug)]
pub struct Input<T> {
    pub value: T,
    pub bytes: Bytes,
}

fn parse<T: DeserializeOwned>(bytes: Bytes) -> Result<Input<T>, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value: T = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|e| {
        let path = e.path().to_string();
        unreadable(&path, e.inner())
    })?;
    reader.end().map_err(|e| Problem::bad_request("request.malformed_json", e.to_string()))?;
    Ok(Input { value, bytes })
}

/// 422 where a value is well formed and a rule refuses it, or a field is one that nobody may set, else 400.
fn unreadable(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        return Problem::bad_request("request.malformed_json", text);
    }
    if let Some(name) = strict::unknown_field(&text) {
        // The path ends at the object, with a mark for the field in it.
        let object = path.trim_end_matches(['?', '.']);
        let name: String = name.chars().take(MAX_NAMED).collect();
        let field = if object.is_empty() { name } else { format!("{object}.{name}") };
        let detail = format!("{field}: this is no field of the request, or none that can be set here");
        let error = FieldError { field, code: "unknown", detail: "no such field can be set here".to_owned() };
        return Problem::unprocessable(UNKNOWN_FIELD, detail).with_errors(vec![error]);
    }
    let at = |problem: Problem, code, detail| {
        let field = FieldError { field: path.to_owned(), code, detail };
        if path == "." { problem } else { problem.with_errors(vec![field]) }
    };
    match refused::rule(&text) {
        Some(rule) => {
            let rule = rule.rsplit_once(" at line ").map_or(rule, |(rule, _)| rule);
            let problem = Problem::unprocessable(BROKEN_RULE, format!("{path}: {rule}"));
            at(problem, "invalid", rule.to_owned())
        }
        None => at(Problem::bad_request("request.wrong_type", text.clone()), "wrong_type", text),
    }
}
