//! Public keys of a service: cached in memory, and stored in its database for the time when auth is down.

use crate::error::AuthFailure;
use crate::jwks::KeySource;
use crate::schema::public_keys;
use db::{Db, DbError, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use parking_lot::RwLock;
use runtime::clock::Clock;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Seconds after which the keys are fetched again, so that a withdrawn key stops being accepted.
const REFRESH_SECS: i64 = 300;
/// The row of `public_keys` that holds auth's keys.
const AUTH_ROW: &str = "auth";

pub(crate) struct KeyRing {
    db: Db,
    clock: Arc<dyn Clock>,
    source: Arc<dyn KeySource>,
    known: RwLock<Arc<HashMap<String, DecodingKey>>>,
    /// Locked during a fetch, so that many requests with a new key cause one fetch.
    fetches: Mutex<Fetches>,
}

#[derive(Default)]
struct Fetches {
    last: Option<(Timestamp, FetchOutcome)>,
    /// The key set stored in the database.
    stored: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FetchOutcome {
    Fetched,
    Failed,
}

impl KeyRing {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, source: Arc<dyn KeySource>) -> Self {
        Self { db, clock, source, known: RwLock::default(), fetches: Mutex::default() }
    }

    /// The key with id `kid`. Errors as invalid when it is not published, as unavailable when no keys can be read.
    pub(crate) async fn find(&self, kid: &str) -> Result<DecodingKey, AuthFailure> {
        let now = self.clock.now();
        if let Some(key) = self.known(kid) {
            // One request fetches outdated keys again; the others use the known key meanwhile.
            if let Ok(mut fetches) = self.fetches.try_lock()
                && fetches.last.is_none_or(|(at, _)| now.since(at).num_seconds() >= REFRESH_SECS)
            {
                self.fetch(&mut fetches, now).await;
                return self.known(kid).ok_or(AuthFailure::Invalid);
            }
            return Ok(key);
        }
        let mut fetches = self.fetches.lock().await;
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let min_interval = chrono::TimeDelta::from_std(self.source.min_refetch_interval()).unwrap_or_default();
        if fetches.last.is_none_or(|(at, _)| now.since(at) >= min_interval) {
            self.fetch(&mut fetches, now).await;
        }
        match (self.known(kid), fetches.last) {
            (Some(key), _) => Ok(key),
            (None, Some((_, FetchOutcome::Fetched))) => Err(AuthFailure::Invalid),
            (None, _) => Err(AuthFailure::Unavailable("the public keys cannot be read now".into())),
        }
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().get(kid).cloned()
    }

    fn set_known(&self, keys: &JwkSet) {
        let known = keys.keys.iter().filter_map(usable_key).collect();
        *self.known.write() = Arc::new(known);
    }

    async fn fetch(&self, fetches: &mut Fetches, now: Timestamp) {
        match self.source.fetch().await {
            Ok(keys) => {
                self.set_known(&keys);
                fetches.last = Some((now, FetchOutcome::Fetched));
                self.store(fetches, &keys, now).await;
            }
            Err(error) => {
                tracing::warn!(%error, "public keys not fetched");
                fetches.last = Some((now, FetchOutcome::Failed));
                if !self.known.read().is_empty() {
                    return;
                }
                match self.load().await {
                    Ok(Some(keys)) => self.set_known(&keys),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "stored public keys not read"),
                }
            }
        }
    }

    /// Stores the keys for the time when auth is down. A failure is only logged: the keys in memory are current.
    async fn store(&self, fetches: &mut Fetches, keys: &JwkSet, now: Timestamp) {
        let Ok(document) = serde_json::to_string(keys) else { return };
        if fetches.stored.as_ref() == Some(&document) {
            return;
        }
        match self.upsert(&document, now).await {
            Ok(()) => fetches.stored = Some(document),
            Err(error) => tracing::warn!(%error, "public keys not stored"),
        }
    }

    async fn upsert(&self, document: &str, now: Timestamp) -> Result<(), DbError> {
        use public_keys as t;
        let mut c = self.db.write().await?;
        diesel::insert_into(t::table)
            .values((t::name.eq(AUTH_ROW), t::document.eq(document), t::fetched_at.eq(now)))
            .on_conflict_set(&[t::name::NAME], &[t::document::NAME, t::fetched_at::NAME])
            .execute(&mut c)
            .await?;
        Ok(())
    }

    async fn load(&self) -> Result<Option<JwkSet>, DbError> {
        use public_keys as t;
        let mut c = self.db.read().await?;
        let document: Option<String> = t::table.find(AUTH_ROW).select(t::document).first(&mut c).await.optional()?;
        Ok(document.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// The id and key of a JWK that may sign access tokens: Ed25519, complete, with a key id.
fn usable_key(jwk: &Jwk) -> Option<(String, DecodingKey)> {
    use base64::Engine;
    let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm else { return None };
    let complete = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&pair.x).is_ok_and(|x| x.len() == 32);
    if pair.curve != EllipticCurve::Ed25519 || !complete {
        return None;
    }
    let key = DecodingKey::from_ed_components(&pair.x).ok()?;
    Some((jwk.common.key_id.clone()?, key))
}
