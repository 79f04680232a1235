//! HTTP client of one user.

use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The codes of the list of problems, each with its status where it is always the same.
static LISTED_PROBLEMS: LazyLock<BTreeMap<String, Option<u16>>> = LazyLock::new(|| {
    let list: Value = serde_json::from_str(include_str!("../../../deploy/nginx/docs/problems.json")).expect("a list");
    let items = list.get("items").and_then(Value::as_array).expect("items").iter();
    let code = |item: &Value| item.get("code").and_then(Value::as_str).expect("a code").to_owned();
    let status = |item: &Value| item.get("status")?.as_u64().and_then(|status| u16::try_from(status).ok());
    items.map(|item| (code(item), status(item))).collect()
});

/// HTTP client that sends requests to `base` with one access token, or none.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null where it is not JSON.
    pub body: Value,
    /// Method and path, for messages.
    request: String,
}

impl Client {
    /// A client of the server at `base`, like `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>, token: Option<String>) -> Self {
        Self { http: runtime::http_client::client().expect("an HTTP client"), base: base.into(), token }
    }
    /// The same server with another access token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }
    /// The same server without an access token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }
    /// The server's root URL.
    pub fn base(&self) -> &str {
        &self.base
    }
    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Builds a request to `/api/v1{path}`, or below the root where the path starts with `//`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
    /// Sends a request. Panics when there is no response.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = request.build().expect("a request");
        let name = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_default().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, bytes, text, body, request: name }
    }
    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }
    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }
    /// A POST with an empty body.
    pub async fn post_empty(&self, path: &str) -> Reply {
        self.send(self.request(Method::POST, path)).await
    }
    /// POST with a JSON body and an idempotency key.
    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(&body)).await
    }
    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }
    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }
    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }
}

impl Reply {
    /// The JSON body. Panics unless the status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self.body
    }
    /// The problem code. Panics unless the status is `status` and the body is a complete problem document with a code of
    /// the list of problems.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        let kind = self.header("content-type");
        assert!(kind.starts_with("application/problem+json"), "{}: {kind}", self.request);
        for field in ["type", "title", "detail", "request_id"] {
            assert!(self.body.get(field).is_some_and(Value::is_string), "{}: no {field}: {}", self.request, self.text);
        }
        assert_eq!(self.body.get("status"), Some(&Value::from(status)), "{}", self.request);
        let code = self.body.get("code").and_then(Value::as_str).expect("a code").to_owned();
        let is_listed = LISTED_PROBLEMS.get(&code).is_some_and(|listed| listed.is_none_or(|listed| listed == status));
        assert!(is_listed, "add `{code}` with {status} to deploy/nginx/docs/problems.json");
        code
    }
    /// A header's value; empty where absent.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
    }
}
