//! `Idempotency-Key`: a POST that creates or moves money takes effect once, and answers the same again.
//!
//! The key is a row of the handler's own transaction: either the effect and the answer are both there, or
//! neither is. On MySQL a request whose key is being worked on is told so at once, and the few that come in the very
//! moment between are kept waiting for the first one's answer; on SQLite, where writers take turns, all of them are.

use super::Problem;
use crate::auth::Caller;
use crate::ctx::Ctx;
use crate::schema::idempotency_keys;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::time::Duration;

/// The header of an answer that was given before.
pub const REPLAYED: &str = "Idempotency-Replayed";

const MAX_KEY: usize = 255;
const KEPT_HOURS: i64 = 24;

/// The key of a request, if it has one, and where it was sent. An extractor.
#[derive(Debug, Clone)]
pub struct Idempotent {
    key: Option<String>,
    place: String,
}

impl FromRequest for Idempotent {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bad = || {
            let detail = format!("an Idempotency-Key is 1 to {MAX_KEY} visible ASCII characters");
            Problem::bad_request("idempotency.bad_key", detail)
        };
        let key = match request.headers().get("Idempotency-Key").map(|v| v.to_str()) {
            None => None,
            Some(Ok(text)) if !text.is_empty() && text.len() <= MAX_KEY => Some(text.to_owned()),
            Some(_) => return ready(Err(bad())),
        };
        ready(Ok(Self { key, place: format!("{} {}", request.method(), request.path()) }))
    }
}

enum Claim {
    /// The key is ours: do the work.
    Fresh,
    /// It was done: repeat the answer.
    Answered(StatusCode, Vec<u8>),
}

impl Idempotent {
    /// Does `work` in one transaction with the key, and answers `status` with what it returns; or repeats the
    /// first answer with `Idempotency-Replayed: true`.
    ///
    /// `body` is the request's bytes: the same key with another body is refused.
    pub async fn run<T, F>(
        &self,
        ctx: &Ctx,
        caller: &Caller,
        body: &Bytes,
        status: StatusCode,
        work: F,
    ) -> Result<HttpResponse, Problem>
    where
        T: Serialize + Send,
        F: db::TxFn<T, Problem>,
    {
        let Some(key) = &self.key else {
            let done = ctx.tx(work).await?;
            return Ok(HttpResponse::build(status).json(done));
        };
        let hash = self.hash(body);
        let now = ctx.now();
        let (key, hash, work, owner) = (key.as_str(), hash.as_slice(), &work, caller.user_id);
        let (replayed, status, bytes) = ctx
            .tx(async |c| match claim(c, owner, key, hash, now).await? {
                Claim::Answered(status, bytes) => Ok::<_, Problem>((true, status, bytes)),
                Claim::Fresh => {
                    let done = work(c).await?;
                    let bytes = serde_json::to_vec(&done).map_err(Problem::internal)?;
                    answer(c, owner, key, status, &bytes).await?;
                    Ok((false, status, bytes))
                }
            })
            .await?;
        let mut response = HttpResponse::build(status);
        response.content_type("application/json");
        if replayed {
            response.insert_header((REPLAYED, "true"));
        }
        Ok(response.body(bytes))
    }

    fn hash(&self, body: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.place.as_bytes());
        hash.update([0]);
        hash.update(body);
        hash.finalize().to_vec()
    }
}

async fn claim(c: &mut DbConnection, owner: UserId, key: &str, hash: &[u8], now: Timestamp) -> Result<Claim, Problem> {
    use idempotency_keys as t;
    let too_old = now.plus_hours(-KEPT_HOURS);
    let mine = t::table.filter(t::caller_id.eq(owner)).filter(t::idempotency_key.eq(key));
    // Whoever is at work with this key has its row locked.
    let used_at = match mine.select(t::created_at).lock_now().get_result::<Timestamp>(c).await.optional() {
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
        return Ok(Claim::Fresh);
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
        (Some(status), Some(body)) => Ok(Claim::Answered(status, body)),
        _ => Err(in_progress()),
    }
}

fn in_progress() -> Problem {
    Problem::conflict("idempotency.in_progress", "the first request with this key is still running")
        .with_retry_after(Duration::from_secs(1))
}

async fn answer(
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

/// Forgets keys older than a day. A job of every service.
pub(crate) async fn sweep(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    use idempotency_keys as t;
    diesel::delete(t::table.filter(t::created_at.lt(now.plus_hours(-KEPT_HOURS)))).execute(c).await
}
