//! Bodies that are proved by a signature in a header, not by a token.

use crate::{Doc, Parameter, Problem, RawBody};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use schemars::JsonSchema;
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// A body whose signature is not verified yet. Extracting it never fails. `B` describes it in the API document.
pub struct SignedBody<B> {
    headers: HeaderMap,
    body: RawBody,
    schema: PhantomData<B>,
}

impl<B> FromRequest for SignedBody<B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (headers, body) = (request.headers().clone(), RawBody::take(request, payload));
        ready(Ok(Self { headers, body, schema: PhantomData }))
    }
}

impl<B: JsonSchema> Parameter for SignedBody<B> {
    fn describe(doc: Doc) -> Doc {
        doc.open_body::<B>().empty_response(401)
    }
}

impl<B> SignedBody<B> {
    /// Reads the body. Errors with `refused` unless the `header` has a signature that `verify` finds valid, and with 413
    /// for more than `limit` bytes. Without the header the body is not read.
    pub async fn read(
        self,
        header: &str,
        limit: usize,
        verify: impl FnOnce(&str, &[u8]) -> bool,
        refused: impl FnOnce() -> Problem,
    ) -> Result<Bytes, Problem> {
        let Some(signature) = self.headers.get(header).and_then(|value| value.to_str().ok()) else {
            return Err(refused());
        };
        let bytes = self.body.bytes(limit).await?;
        if verify(signature, &bytes) { Ok(bytes) } else { Err(refused()) }
    }
}
