//! A verifier with dependencies that a test can make unavailable.

use auth_token::jwks::KeysUnavailable;
use auth_token::token::{AUDIENCE, ISSUER};
use auth_token::{AuthFailure, Claims, KeySource, SharedKeys, SigningKey, Verifier, revocation};
use db::Db;
use domain::{Role, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use proto_events::auth::v1::SessionRevoked;
use runtime::cache::Cache;
use runtime::clock::Clock;
use runtime::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use testkit::FakeClock;
use testkit::TempDatabase;
use testkit::outages::FallibleCache;
use uuid::Uuid;

/// A key source that a test can make unavailable, and that counts its fetches.
pub(super) struct FallibleKeySource {
    pub(super) keys: SharedKeys,
    is_down: AtomicBool,
    pub(super) fetches: AtomicUsize,
}

#[async_trait::async_trait]
impl KeySource for FallibleKeySource {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        // Lets other tasks run, so that concurrent fetches would be counted.
        tokio::task::yield_now().await;
        if self.is_down.load(Ordering::SeqCst) { Err(KeysUnavailable("down".into())) } else { self.keys.fetch().await }
    }
}

pub(super) struct Fixture {
    pub(super) clock: Arc<FakeClock>,
    pub(super) cache: Arc<FallibleCache>,
    pub(super) source: Arc<FallibleKeySource>,
    pub(super) db: Db,
    pub(super) key: SigningKey,
    pub(super) verifier: Verifier,
    _file: TempDatabase,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let file = TempDatabase::new("auth");
        let db = file.migrated().await;
        let clock = Arc::new(FakeClock::at("2026-07-01T10:00:00Z".parse().unwrap()));
        let cache = Arc::new(FallibleCache::new(clock.clone()));
        let key = SigningKey::generate();
        let keys = SharedKeys::new();
        keys.set(key.key_set());
        let source =
            Arc::new(FallibleKeySource { keys, is_down: AtomicBool::new(false), fetches: AtomicUsize::new(0) });
        let verifier = Verifier::new(db.clone(), cache.clone(), clock.clone(), source.clone());
        Self { clock, cache, source, db, key, verifier, _file: file }
    }
    /// A verifier of another process of the service: the same database, nothing in memory.
    pub(super) fn restarted_verifier(&self) -> Verifier {
        Verifier::new(self.db.clone(), self.cache.clone(), self.clock.clone(), self.source.clone())
    }
    pub(super) fn now_secs(&self) -> i64 {
        self.clock.now().utc().timestamp()
    }
    pub(super) fn claims(&self) -> Claims {
        Claims {
            sub: id::fresh(),
            role: Role::User,
            referrer: None,
            sid: id::fresh(),
            jti: id::fresh(),
            iat: self.now_secs(),
            exp: self.now_secs() + 900,
            auth_time: None,
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
        }
    }
    pub(super) fn in_secs(&self, secs: i64) -> Timestamp {
        self.clock.now().plus_secs(secs)
    }
    pub(super) async fn accepts(&self, token: &str) -> bool {
        match self.verifier.verify(token).await {
            Ok(_) => true,
            Err(AuthFailure::Invalid | AuthFailure::Expired | AuthFailure::SessionEnded) => false,
            Err(AuthFailure::Unavailable(reason)) => panic!("{reason}"),
        }
    }
    pub(super) fn set_cache_down(&self, is_down: bool) {
        self.cache.set_down(is_down);
    }
    pub(super) fn set_auth_down(&self, is_down: bool) {
        self.source.is_down.store(is_down, Ordering::SeqCst);
    }
    pub(super) fn shared_cache(&self) -> Arc<dyn Cache> {
        self.cache.clone()
    }
    pub(super) async fn receive_revocation(&self, session: Uuid, expires_at: Timestamp) {
        let event = SessionRevoked {
            session_id: session.as_bytes().to_vec(),
            expires_at: expires_at.micros(),
            ..SessionRevoked::default()
        };
        let (cache, now) = (self.shared_cache(), self.clock.now());
        let applied: Result<(), messaging::HandleError> =
            self.db.tx(async |c| revocation::apply(c, &cache, now, &event).await).await;
        applied.unwrap();
    }
    pub(super) async fn delete_from_cache(&self, session: Uuid) {
        self.cache.inner.set(&format!("revoked:{session}"), b"", Duration::ZERO).await.unwrap();
    }
}
