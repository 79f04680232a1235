//! Fake S3 server that checks signature, path and precondition as S3 does.

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

const KEY_ID: &str = "AKIATEST";
const SECRET: &str = "a secret key";
const REGION: &str = "ap-south-1";
/// Path-style prefix: bucket, then key prefix.
const PATH_PREFIX: &str = "/documents/ev/2026/";

/// Fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answered with 503; not carried out.
    Down,
    /// Carried out, but answered with 500.
    Lost,
    /// Not carried out: answered with a conflict of concurrent writes.
    Conflict,
    /// Never answered; not carried out.
    Silent,
    /// Answered with 403.
    Forbidden,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    calls: Vec<String>,
    faults: VecDeque<Fault>,
}

#[derive(Clone, Default)]
pub(crate) struct S3(Arc<Mutex<State>>);

impl S3 {
    /// Starts the server on a free port and returns the settings that select it.
    pub(crate) fn listen(&self) -> [(&'static str, String); 5] {
        let state = web::Data::new(self.clone());
        let app = move || {
            let limit = web::PayloadConfig::new(8 * 1024 * 1024);
            App::new().app_data(state.clone()).app_data(limit).default_service(web::to(answer))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        [
            ("BLOB_URL", "s3://documents/ev/2026/".into()),
            ("S3_ENDPOINT", endpoint),
            ("S3_REGION", REGION.into()),
            ("S3_ACCESS_KEY_ID", KEY_ID.into()),
            ("S3_SECRET_ACCESS_KEY", SECRET.into()),
        ]
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
    pub(crate) fn stored(&self) -> usize {
        self.state().objects.len()
    }
    pub(crate) fn overwrite(&self, bytes: Option<&[u8]>) {
        let objects = &mut self.state().objects;
        match bytes {
            Some(bytes) => objects.values_mut().for_each(|object| *object = bytes.to_vec()),
            None => objects.clear(),
        }
    }
    /// Faults of the next calls, in order.
    pub(crate) fn inject_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }
    /// Methods of the calls since the last time, in order.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }
    /// Carries out a call without a fault.
    fn apply(&self, request: &HttpRequest, body: &[u8]) -> HttpResponse {
        let objects = &mut self.state().objects;
        let Some(name) = request.path().strip_prefix(PATH_PREFIX) else { return error(404, "NoSuchBucket") };
        match (request.method().as_str(), objects.get(name)) {
            ("PUT", _) if header(request, "if-none-match") != "*" => error(400, "InvalidRequest"),
            ("PUT", Some(_)) => error(412, "PreconditionFailed"),
            ("PUT", None) => {
                objects.insert(name.to_owned(), body.to_vec());
                HttpResponse::Ok().insert_header(("etag", "\"1\"")).finish()
            }
            ("GET", Some(bytes)) => HttpResponse::Ok()
                .insert_header(("etag", "\"1\""))
                .insert_header(("last-modified", "Tue, 10 Nov 2026 04:30:00 GMT"))
                .body(bytes.clone()),
            ("GET", None) => error(404, "NoSuchKey"),
            ("DELETE", _) => {
                objects.remove(name);
                HttpResponse::NoContent().finish()
            }
            (other, _) => panic!("{other}"),
        }
    }
}

async fn answer(s3: web::Data<S3>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    s3.state().calls.push(request.method().to_string());
    if !is_signed(&request, &body) {
        return error(403, "SignatureDoesNotMatch");
    }
    let fault = s3.state().faults.pop_front();
    match fault {
        None => s3.apply(&request, &body),
        Some(Fault::Down) => error(503, "SlowDown"),
        Some(Fault::Lost) => {
            s3.apply(&request, &body);
            error(500, "InternalError")
        }
        Some(Fault::Conflict) => error(409, "ConditionalRequestConflict"),
        Some(Fault::Silent) => std::future::pending().await,
        Some(Fault::Forbidden) => error(403, "AccessDenied"),
    }
}

fn error(status: u16, code: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).body(format!("<Error><Code>{code}</Code></Error>"))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.headers().get(name).map_or("", |v| v.to_str().unwrap())
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Verifies AWS Signature Version 4 over method, path, signed headers and body.
fn is_signed(request: &HttpRequest, body: &[u8]) -> bool {
    let authorization = header(request, "authorization").strip_prefix("AWS4-HMAC-SHA256 ").unwrap_or_default();
    let parts: BTreeMap<_, _> = authorization.split(", ").filter_map(|part| part.split_once('=')).collect();
    let part = |name: &str| parts.get(name).copied().unwrap_or_default();
    let (hash, time) = (header(request, "x-amz-content-sha256"), header(request, "x-amz-date"));
    let day = time.split('T').next().unwrap();
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let names = part("SignedHeaders");
    let needed = ["host", "x-amz-content-sha256", "x-amz-date"];
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", header(request, name).trim())).collect();
    let (method, path, query) = (request.method(), request.path(), request.query_string());
    let canonical = format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{hash}");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = [day, REGION, "s3", "aws4_request"].iter().fold(first, |key, part| hmac(&key, part));
    hash == hex::encode(Sha256::digest(body))
        && needed.iter().all(|name| names.split(';').any(|n| n == *name))
        && part("Credential") == format!("{KEY_ID}/{scope}")
        && part("Signature") == hex::encode(hmac(&key, &text))
}
