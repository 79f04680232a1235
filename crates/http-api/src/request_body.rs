//! Typed request bodies, read when the handler asks for them: 401, 403 and 404 come before errors of a body.

use crate::Problem;
use crate::body::{ParsedBody, RawBody, with_rule_code};
use crate::handler::Parameter;
use crate::operation::Doc;
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// A kind of request body. A type that is read from JSON is one itself: the body is required.
#[expect(async_fn_in_trait, reason = "actix runs a handler on the thread that accepted the connection")]
pub trait RequestBody {
    /// What a handler gets.
    type Value;
    /// Adds the body to the documentation.
    #[must_use]
    fn describe(doc: Doc) -> Doc;
    /// Reads the body. Returns what a handler gets, and the bytes that the hash of an idempotent request covers: equal
    /// for two requests that ask for the same. Errors as [`RawBody`] does.
    async fn read(body: RawBody) -> Result<(Self::Value, Bytes), Problem>;
}

impl<T: DeserializeOwned + JsonSchema> RequestBody for T {
    type Value = T;
    fn describe(doc: Doc) -> Doc {
        doc.body::<T>()
    }
    async fn read(body: RawBody) -> Result<(T, Bytes), Problem> {
        let ParsedBody { value, bytes } = body.json().await?;
        Ok((value, bytes))
    }
}

/// A JSON body that may be left out; it is an empty object then.
pub struct Optional<T>(PhantomData<T>);

impl<T: DeserializeOwned + JsonSchema> RequestBody for Optional<T> {
    type Value = T;
    fn describe(doc: Doc) -> Doc {
        doc.optional_body::<T>()
    }
    async fn read(body: RawBody) -> Result<(T, Bytes), Problem> {
        let ParsedBody { value, bytes } = body.json_or_empty().await?;
        Ok((value, bytes))
    }
}

/// No body, or an empty object.
pub struct NoBody;

#[derive(serde::Deserialize)]
struct Empty {}

impl RequestBody for NoBody {
    type Value = ();
    fn describe(doc: Doc) -> Doc {
        doc
    }
    async fn read(body: RawBody) -> Result<((), Bytes), Problem> {
        let ParsedBody { value: Empty {}, bytes } = body.json_or_empty().await?;
        Ok(((), bytes))
    }
}

/// A kind of file that is a request body.
pub trait FileType {
    /// Its content type in the documentation.
    const CONTENT_TYPE: &'static str;
    /// 413 for more.
    const MAX_BYTES: usize;
}

/// A file as the request body.
pub struct File<T>(PhantomData<T>);

impl<T: FileType> RequestBody for File<T> {
    type Value = Bytes;
    fn describe(doc: Doc) -> Doc {
        doc.file_body(T::CONTENT_TYPE)
    }
    async fn read(body: RawBody) -> Result<(Bytes, Bytes), Problem> {
        let bytes = body.bytes(T::MAX_BYTES).await?;
        Ok((bytes.clone(), bytes))
    }
}

/// The body of a request that is not idempotent by key.
pub struct Body<B> {
    raw: RawBody,
    kind: PhantomData<B>,
}

impl<B: RequestBody> Body<B> {
    /// Reads the body; errors as [`RawBody::json`] does.
    pub async fn read(self) -> Result<B::Value, Problem> {
        Ok(B::read(self.raw).await?.0)
    }

    /// Like [`Body::read`], with the service's own code for a rule violation.
    pub async fn read_with_code(self, rule_code: &'static str) -> Result<B::Value, Problem> {
        self.read().await.map_err(|problem| with_rule_code(problem, rule_code))
    }
}

impl<B> FromRequest for Body<B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { raw: RawBody::take(request, payload), kind: PhantomData }))
    }
}

impl<B: RequestBody> Parameter for Body<B> {
    fn describe(doc: Doc) -> Doc {
        B::describe(doc)
    }
}
