//! `Idempotency-Key`: a repeated POST takes effect once and gets the first response again.
//!
//! The key is a row of the handler's transaction, so effect and response commit together. A request that repeats a key
//! in progress is refused with 409 on MySQL, unless both arrive at the same moment; then, and always on SQLite, where
//! writers run one after the other, it waits for the first response.

use crate::Caller;
use crate::Problem;
use crate::body::{RawBody, with_rule_code};
use crate::handler::Parameter;
use crate::operation::Doc;
use crate::request_body::{NoBody, RequestBody};
use crate::response::JsonResponse;
use crate::schema::idempotency_keys;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use runtime::ctx::Ctx;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::time::Duration;

/// Characters of a key.
const MAX_KEY_CHARS: usize = 255;
/// Hours for which a response is retained.
const RETENTION_HOURS: i64 = 24;

/// State of a key in the table.
enum KeyClaim {
    /// The key is new and belongs to this request.
    Claimed,
    /// The first request has this response.
    Answered(StatusCode, Vec<u8>),
}

/// A POST with its typed body and its key, if it has one. 400 for a malformed key.
pub struct Idempotent<B = NoBody> {
    key: Option<String>,
    /// Method and path, which are part of the request hash.
    target: String,
    caller_id: UserId,
    body: RawBody,
    kind: PhantomData<B>,
}

impl<B> FromRequest for Idempotent<B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let extracted = key_of(request).and_then(|key| {
            let caller_id = Caller::from_request(request, payload).into_inner()?.user_id;
            let target = format!("{} {}", request.method(), request.path());
            Ok(Self { key, target, caller_id, body: RawBody::take(request, payload), kind: PhantomData })
        });
        ready(extracted)
    }
}

fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    match request.headers().get("Idempotency-Key").map(|v| v.to_str()) {
        None => Ok(None),
        Some(Ok(text)) if !text.is_empty() && text.len() <= MAX_KEY_CHARS => Ok(Some(text.to_owned())),
        Some(_) => {
            let detail = format!("an Idempotency-Key is 1 to {MAX_KEY_CHARS} visible ASCII characters");
            Err(Problem::bad_request("idempotency.bad_key", detail))
        }
    }
}

impl<B: RequestBody> Parameter for Idempotent<B> {
    fn describe(doc: Doc) -> Doc {
        B::describe(doc.idempotent())
    }
}

impl<B: RequestBody> Idempotent<B> {
    /// Reads the body; errors as [`RawBody::json`] does. The same key with another body is refused with 422, a key whose
    /// first request is running with 409.
    pub async fn read(self) -> Result<(B::Value, Execution), Problem> {
        let (value, bytes) = B::read(self.body).await?;
        let key =
            self.key.map(|key| RequestKey { key, hash: request_hash(&self.target, &bytes), caller_id: self.caller_id });
        Ok((value, Execution(key)))
    }

    /// Like [`Idempotent::read`], with the service's own code for a rule violation.
    pub async fn read_with_code(self, rule_code: &'static str) -> Result<(B::Value, Execution), Problem> {
        self.read().await.map_err(|problem| with_rule_code(problem, rule_code))
    }
}

impl Idempotent<NoBody> {
    /// Reads and refuses any body but an empty one.
    pub async fn read_empty(self) -> Result<Execution, Problem> {
        Ok(self.read().await?.1)
    }
}

struct RequestKey {
    key: String,
    hash: Vec<u8>,
    caller_id: UserId,
}

/// The one execution of a request.
pub struct Execution(Option<RequestKey>);

impl Execution {
    /// Runs `work` in one transaction with the key, and responds with its result; or repeats the first response with
    /// `Idempotency-Replayed: true`. Without a key it always runs `work`.
    pub async fn run<T, F, const STATUS: u16>(&self, ctx: &Ctx, work: F) -> Result<JsonResponse<T, STATUS>, Problem>
    where
        T: Serialize + Send,
        F: db::TxFn<T, Problem>,
    {
        let Some(request) = &self.0 else {
            return Ok(JsonResponse::new(ctx.tx(work).await?));
        };
        let (now, status, work) = (ctx.now(), JsonResponse::<T, STATUS>::status(), &work);
        let (is_repeated, status, body) = ctx
            .tx(async |c| match claim(c, request.caller_id, &request.key, &request.hash, now).await? {
                KeyClaim::Answered(status, body) => Ok::<_, Problem>((true, status, body)),
                KeyClaim::Claimed => {
                    let result = work(c).await?;
                    let body = serde_json::to_vec(&result).map_err(Problem::internal)?;
                    store_response(c, request.caller_id, &request.key, status, &body).await?;
                    Ok((false, status, body))
                }
            })
            .await?;
        Ok(JsonResponse::stored(status, body, is_repeated))
    }
}

fn request_hash(target: &str, body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(target.as_bytes());
    hash.update([0]);
    hash.update(body);
    hash.finalize().to_vec()
}

async fn claim(
    c: &mut DbConnection,
    owner: UserId,
    key: &str,
    hash: &[u8],
    now: Timestamp,
) -> Result<KeyClaim, Problem> {
    use idempotency_keys as t;
    let too_old = now.plus_hours(-RETENTION_HOURS);
    let mine = t::table.filter(t::caller_id.eq(owner)).filter(t::idempotency_key.eq(key));
    // A request in progress has the row of its key locked.
    let used_at = match mine.select(t::created_at).lock_nowait().get_result::<Timestamp>(c).await.optional() {
        Err(error) if db::is_locked(&error) => return Err(in_progress()),
        found => found?,
    };
    if used_at.is_some_and(|at| at < too_old) {
        diesel::delete(t::table.filter(t::caller_id.eq(owner)).filter(t::idempotency_key.eq(key))).execute(c).await?;
    }
    let row = diesel::insert_into(t::table).values((
        t::caller_id.eq(owner),
        t::idempotency_key.eq(key),
        t::request_hash.eq(hash),
        t::created_at.eq(now),
    ));
    if inserted(row.execute(c).await)? {
        return Ok(KeyClaim::Claimed);
    }
    let (first_hash, status, body): (Vec<u8>, Option<i32>, Option<Vec<u8>>) =
        mine.select((t::request_hash, t::status, t::body)).first(c).await?;
    if first_hash != hash {
        return Err(Problem::unprocessable(
            "idempotency.key_reused",
            "this Idempotency-Key was used with another request",
        ));
    }
    match (status.and_then(|s| u16::try_from(s).ok()).and_then(|s| StatusCode::from_u16(s).ok()), body) {
        (Some(status), Some(body)) => Ok(KeyClaim::Answered(status, body)),
        _ => Err(in_progress()),
    }
}

fn in_progress() -> Problem {
    Problem::conflict("idempotency.in_progress", "the first request with this key is still running")
        .with_retry_after(Duration::from_secs(1))
}

async fn store_response(
    c: &mut DbConnection,
    owner: UserId,
    key: &str,
    status: StatusCode,
    bytes: &[u8],
) -> Result<(), Problem> {
    use idempotency_keys as t;
    diesel::update(t::table.filter(t::caller_id.eq(owner)).filter(t::idempotency_key.eq(key)))
        .set((t::status.eq(Some(i32::from(status.as_u16()))), t::body.eq(Some(bytes))))
        .execute(c)
        .await?;
    Ok(())
}

/// Deletes keys older than a day. Returns how many.
pub async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    use idempotency_keys as t;
    diesel::delete(t::table.filter(t::created_at.lt(now.plus_hours(-RETENTION_HOURS)))).execute(c).await
}
