//! The public keys a service knows: in memory, and in its own database for when auth is down.

use super::jwks::KeySource;
use super::verifier::AuthFailure;
use crate::clock::Clock;
use crate::schema::public_keys;
use db::{Db, DbError, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Known keys are read again after this long, so that a withdrawn key stops working.
const REFRESH_SECS: i64 = 300;
/// The row of `public_keys` that holds auth's keys.
const ROW: &str = "auth";

pub(super) struct KeyRing {
    db: Db,
    clock: Arc<dyn Clock>,
    source: Arc<dyn KeySource>,
    known: RwLock<Arc<HashMap<String, DecodingKey>>>,
    /// Held while fetching, so that many requests with a new key cause one fetch.
    fetches: Mutex<Fetches>,
}

#[derive(Default)]
struct Fetches {
    last: Option<(Timestamp, Outcome)>,
    /// What the database holds.
    stored: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Fetched,
    Failed,
}

impl KeyRing {
    pub(super) fn new(db: Db, clock: Arc<dyn Clock>, source: Arc<dyn KeySource>) -> Self {
        Self { db, clock, source, known: RwLock::default(), fetches: Mutex::default() }
    }

    /// The key published as `kid`.
    pub(super) async fn find(&self, kid: &str) -> Result<DecodingKey, AuthFailure> {
        let now = self.clock.now();
        if let Some(key) = self.known(kid) {
            // Whoever finds the keys old reads them again; the others need not wait for it.
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
        let rest = chrono::TimeDelta::from_std(self.source.rest()).unwrap_or_default();
        if fetches.last.is_none_or(|(at, _)| now.since(at) >= rest) {
            self.fetch(&mut fetches, now).await;
        }
        match (self.known(kid), fetches.last) {
            (Some(key), _) => Ok(key),
            (None, Some((_, Outcome::Fetched))) => Err(AuthFailure::Invalid),
            (None, _) => Err(AuthFailure::Unavailable("the public keys cannot be read now".into())),
        }
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned()
    }

    fn know(&self, keys: &JwkSet) {
        let known = keys.keys.iter().filter_map(usable).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    async fn fetch(&self, fetches: &mut Fetches, now: Timestamp) {
        match self.source.fetch().await {
            Ok(keys) => {
                self.know(&keys);
                fetches.last = Some((now, Outcome::Fetched));
                self.store(fetches, &keys, now).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the public keys are not fetched");
                fetches.last = Some((now, Outcome::Failed));
                if !self.known.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
                    return;
                }
                match self.load().await {
                    Ok(Some(keys)) => self.know(&keys),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "the stored public keys are not read"),
                }
            }
        }
    }

    /// Keeps the keys for when auth is down. A failure is only logged: the keys in memory are good.
    async fn store(&self, fetches: &mut Fetches, keys: &JwkSet, now: Timestamp) {
        let Ok(document) = serde_json::to_string(keys) else { return };
        if fetches.stored.as_ref() == Some(&document) {
            return;
        }
        match self.upsert(&document, now).await {
            Ok(()) => fetches.stored = Some(document),
            Err(error) => tracing::warn!(%error, "the public keys are not stored"),
        }
    }

    async fn upsert(&self, document: &str, now: Timestamp) -> Result<(), DbError> {
        use public_keys as t;
        let mut c = self.db.write().await?;
        diesel::insert_into(t::table)
            .values((t::name.eq(ROW), t::document.eq(document), t::fetched_at.eq(now)))
            .on_conflict_set(&[t::name::NAME], &[t::document::NAME, t::fetched_at::NAME])
            .execute(&mut c)
            .await?;
        Ok(())
    }

    async fn load(&self) -> Result<Option<JwkSet>, DbError> {
        use public_keys as t;
        let mut c = self.db.read().await?;
        let document: Option<String> = t::table.find(ROW).select(t::document).first(&mut c).await.optional()?;
        Ok(document.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// A published key that may sign access tokens: Ed25519, whole, and named.
fn usable(jwk: &Jwk) -> Option<(String, DecodingKey)> {
    use base64::Engine;
    let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm else { return None };
    let whole = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&pair.x).is_ok_and(|x| x.len() == 32);
    if pair.curve != EllipticCurve::Ed25519 || !whole {
        return None;
    }
    let key = DecodingKey::from_ed_components(&pair.x).ok()?;
    Some((jwk.common.key_id.clone()?, key))
}
