//! A JSON body, read when the handler asks for it: 401, 403 and 404 are decided before.

use super::Problem;
use super::strict::Strict;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, http::header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// Most bytes of a JSON body.
pub const LIMIT: usize = 64 * 1024;

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

    fn check_content_type(&self) -> Result<(), Problem> {
        match &self.content_type {
            Some(t) if t.split(';').next().map(str::trim) != Some("application/json") => {
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.not_json", "send application/json"))
            }
            _ => Ok(()),
        }
    }
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
        let inner = e.into_inner();
        let problem = Problem::bad_request(
            if inner.is_data() { "request.wrong_type" } else { "request.malformed_json" },
            inner.to_string(),
        );
        if inner.is_data() && path != "." {
            let field = super::problem::FieldError { field: path, code: "wrong_type", detail: inner.to_string() };
            problem.with_errors(vec![field])
        } else {
            problem
        }
    })?;
    reader.end().map_err(|e| Problem::bad_request("request.malformed_json", e.to_string()))?;
    Ok(Input { value, bytes })
}
