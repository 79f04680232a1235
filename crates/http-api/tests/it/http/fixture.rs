//! Requests to an application with the routes of the tests.

use super::routes;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::{App, test, web};
use auth_token::token::{AUDIENCE, ISSUER};
use auth_token::{Claims, SharedKeys, SigningKey, Verifier};
use domain::Role;
use http_api::{Authenticator, middleware};
use runtime::cache::MemoryCache;
use runtime::clock::{Clock, SystemClock};
use runtime::id;
use serde_json::Value;
use std::sync::Arc;
use testkit::TempDatabase;

pub(super) struct Fixture {
    pub(super) key: SigningKey,
    authenticator: Arc<dyn Authenticator>,
    _file: TempDatabase,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let file = TempDatabase::new("http");
        let db = file.migrated().await;
        let (key, keys) = (SigningKey::generate(), SharedKeys::new());
        keys.set(key.key_set());
        let verifier = Verifier::new(db, Arc::new(MemoryCache::new()), Arc::new(SystemClock), Arc::new(keys));
        Self { key, authenticator: Arc::new(verifier), _file: file }
    }
    pub(super) fn token(&self, role: Role) -> String {
        let now = SystemClock.now().utc().timestamp();
        self.key.sign(&Claims {
            sub: id::fresh(),
            role,
            referrer: None,
            sid: id::fresh(),
            jti: id::fresh(),
            iat: now,
            exp: now + 900,
            auth_time: Some(now),
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
        })
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: actix_web::http::header::HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
    /// Checks that it is a whole problem document with this status and code.
    pub(super) fn is(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        for field in ["type", "title", "detail", "request_id"] {
            assert!(!self.body[field].as_str().unwrap().is_empty(), "{field} in {}", self.body);
        }
    }
}

/// Sends one request to a new application.
pub(super) async fn send(f: &Fixture, request: test::TestRequest) -> Answer {
    let authenticator = web::Data::from(f.authenticator.clone());
    let app = App::new().wrap(from_fn(middleware::request_context)).configure(move |config| {
        config.app_data(authenticator);
        routes().configure(config);
        config.default_service(web::to(middleware::route_not_found));
    });
    let app = test::init_service(app).await;
    let response = test::call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = test::read_body(response).await;
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

pub(super) fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}
pub(super) fn post(path: &str, body: impl Into<web::Bytes>) -> test::TestRequest {
    test::TestRequest::post().uri(path).insert_header(("Content-Type", "application/json")).set_payload(body)
}
pub(super) fn signed(request: test::TestRequest, token: &str) -> test::TestRequest {
    request.insert_header(("Authorization", format!("Bearer {token}")))
}
