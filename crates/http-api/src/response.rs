//! Typed responses: the type of a handler's result says status and body.

use crate::Problem;
use crate::handler::Response;
use crate::operation::Doc;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// The header of a repeated response; its value is `true`.
pub const REPLAYED_HEADER: &str = "Idempotency-Replayed";

/// 200 with a JSON body.
pub type Json<T> = JsonResponse<T, 200>;
/// 201 with a JSON body.
pub type Created<T> = JsonResponse<T, 201>;
/// 202 with a JSON body.
pub type Accepted<T> = JsonResponse<T, 202>;

/// A JSON body with its status.
#[derive(Debug)]
pub struct JsonResponse<T, const STATUS: u16> {
    content: Content<T>,
    max_age_secs: Option<u32>,
}

#[derive(Debug)]
enum Content<T> {
    Value(T),
    /// As it is stored with an idempotency key.
    Stored {
        status: StatusCode,
        body: Vec<u8>,
        is_repeated: bool,
    },
}

impl<T, const STATUS: u16> JsonResponse<T, STATUS> {
    /// Responds with `value`.
    pub fn new(value: T) -> Self {
        Self { content: Content::Value(value), max_age_secs: None }
    }

    /// Lets clients and proxies keep the response for `secs`, by `Cache-Control`.
    #[must_use]
    pub fn cacheable_for_secs(mut self, secs: u32) -> Self {
        self.max_age_secs = Some(secs);
        self
    }

    /// The status as a number; 500 if the constant is no status.
    pub(crate) fn status() -> StatusCode {
        StatusCode::from_u16(STATUS).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The value; `None` for a response that is stored with an idempotency key.
    pub(crate) fn into_value(self) -> Option<T> {
        match self.content {
            Content::Value(value) => Some(value),
            Content::Stored { .. } => None,
        }
    }

    /// Whether an earlier request with the same idempotency key got this response.
    pub fn is_repeated(&self) -> bool {
        matches!(self.content, Content::Stored { is_repeated: true, .. })
    }

    /// A response that is stored with an idempotency key; `is_repeated` when an earlier request got it.
    pub(crate) fn stored(status: StatusCode, body: Vec<u8>, is_repeated: bool) -> Self {
        Self { content: Content::Stored { status, body, is_repeated }, max_age_secs: None }
    }
}

impl<T: Serialize + DeserializeOwned, const STATUS: u16> JsonResponse<T, STATUS> {
    /// Responds with what `change` makes of the value; a repeated response stays marked as one, and what is stored with
    /// its key stays as it is. Errors with 500 if that cannot be read.
    pub async fn with_changed(self, change: impl AsyncFnOnce(T) -> Result<T, Problem>) -> Result<Self, Problem> {
        let content = match self.content {
            Content::Value(value) => Content::Value(change(value).await?),
            Content::Stored { status, body, is_repeated } => {
                let value = change(serde_json::from_slice(&body).map_err(Problem::internal)?).await?;
                let body = serde_json::to_vec(&value).map_err(Problem::internal)?;
                Content::Stored { status, body, is_repeated }
            }
        };
        Ok(Self { content, ..self })
    }
}

impl<T: Serialize, const STATUS: u16> Responder for JsonResponse<T, STATUS> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(Self::status());
        if let Some(secs) = self.max_age_secs {
            response.insert_header((header::CACHE_CONTROL, format!("public, max-age={secs}")));
        }
        match self.content {
            Content::Value(value) => response.json(value),
            Content::Stored { status, body, is_repeated } => {
                response.status(status).content_type("application/json");
                if is_repeated {
                    response.insert_header((REPLAYED_HEADER, "true"));
                }
                response.body(body)
            }
        }
    }
}

impl<T: Serialize + JsonSchema, const STATUS: u16> Response for JsonResponse<T, STATUS> {
    fn describe(doc: Doc) -> Doc {
        doc.responds_with::<T>(STATUS)
    }
}

/// 204 without a body.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Response for NoContent {
    fn describe(doc: Doc) -> Doc {
        doc.empty_response(204)
    }
}

/// The content types of files that an operation responds with.
pub trait FileTypes {
    /// As they are in the documentation.
    const CONTENT_TYPES: &'static [&'static str];
}

/// 200 with a file of one of the types `K`, as [`crate::download()`] makes it.
pub struct Download<K> {
    response: HttpResponse,
    kind: PhantomData<K>,
}

impl<K: FileTypes> Download<K> {
    /// Responds with `response`, whose content type is one of `K`.
    pub fn new(response: HttpResponse) -> Self {
        Self { response, kind: PhantomData }
    }

    /// Responds with a file in memory, which a browser saves as `name`.
    pub fn attachment(content_type: &str, name: &str, bytes: Vec<u8>) -> Self {
        Self::whole(content_type, &format!("attachment; filename=\"{name}\""), bytes)
    }

    /// Responds with a file in memory, which a browser shows and saves as `name`.
    pub fn inline(content_type: &str, name: &str, bytes: Vec<u8>) -> Self {
        Self::whole(content_type, &format!("inline; filename=\"{name}\""), bytes)
    }

    fn whole(content_type: &str, disposition: &str, bytes: Vec<u8>) -> Self {
        let mut response = HttpResponse::Ok();
        response.content_type(content_type).insert_header((header::CONTENT_DISPOSITION, disposition));
        response.insert_header((header::CACHE_CONTROL, "private, no-store"));
        Self::new(response.body(bytes))
    }

    /// Lets a browser show the file with its own styles, and nothing else: no script, no other resource.
    #[must_use]
    pub fn isolated(self) -> Self {
        self.with_policy("sandbox; default-src 'none'; style-src 'unsafe-inline'")
    }

    /// Forbids a browser to render or run the file, whatever it contains: for files that members upload.
    #[must_use]
    pub fn sandboxed(self) -> Self {
        self.with_policy("sandbox; default-src 'none'")
    }

    fn with_policy(mut self, policy: &'static str) -> Self {
        let headers = self.response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        self
    }
}

impl<K> Responder for Download<K> {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response
    }
}

impl<K: FileTypes> Response for Download<K> {
    fn describe(doc: Doc) -> Doc {
        doc.returns_file(K::CONTENT_TYPES.iter().copied())
    }
}

/// 200 with JSON, or with a file of one of the types `K`, as the request asks.
pub enum JsonOrFile<T, K> {
    /// As JSON.
    Json(Json<T>),
    /// As a file.
    File(Download<K>),
}

impl<T: Serialize, K> Responder for JsonOrFile<T, K> {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Json(json) => json.respond_to(request),
            Self::File(file) => file.respond_to(request),
        }
    }
}

impl<T: Serialize + JsonSchema, K: FileTypes> Response for JsonOrFile<T, K> {
    fn describe(doc: Doc) -> Doc {
        Download::<K>::describe(Json::<T>::describe(doc))
    }
}

/// 200 with the result, or 202 with what the client asks for it later.
pub enum JsonOrAccepted<T, A> {
    /// The result.
    Json(Json<T>),
    /// The work is not done yet.
    Accepted(Accepted<A>),
}

impl<T: Serialize, A: Serialize> Responder for JsonOrAccepted<T, A> {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Json(json) => json.respond_to(request),
            Self::Accepted(accepted) => accepted.respond_to(request),
        }
    }
}

impl<T: Serialize + JsonSchema, A: Serialize + JsonSchema> Response for JsonOrAccepted<T, A> {
    fn describe(doc: Doc) -> Doc {
        Accepted::<A>::describe(Json::<T>::describe(doc))
    }
}

/// 101: the connection becomes a stream.
pub struct Upgrade(pub HttpResponse);

impl Responder for Upgrade {
    type Body = BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl Response for Upgrade {
    fn describe(doc: Doc) -> Doc {
        doc.empty_response(101)
    }
}
