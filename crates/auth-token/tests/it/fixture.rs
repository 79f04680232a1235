//! A verifier with dependencies that a test can make unavailable.

use auth_token::jwks::KeysUnavailable;
use auth_token::token::{AUDIENCE, ISSUER};
use auth_token::{AuthFailure, Claims, KeySource, SharedKeys, SigningKey, Verifier, revocation};
use db::Db;
use domain::{Role, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use proto_events::auth::v1::SessionRevoked;
use runtime::cache::{Acquired, Cache, CacheDown, MemoryCache, RateLimit, Subscription};
use runtime::clock::Clock;
use runtime::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use testkit::FakeClock;
use testkit::TempDatabase;
use uuid::Uuid;

/// A cache that a test can make unavailable.
pub(super) struct FallibleCache {
    pub(super) inner: MemoryCache,
    is_down: AtomicBool,
    pub(super) gets: AtomicUsize,
}

impl FallibleCache {
    fn check(&self) -> Result<(), CacheDown> {
        if self.is_down.load(Ordering::SeqCst) { Err(CacheDown("down".into())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl Cache for FallibleCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.check()?;
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key).await
    }
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown> {
        self.check()?;
        self.inner.set_if_absent(key, value, ttl).await
    }
    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.delete(key).await
    }
    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown> {
        self.check()?;
        self.inner.delete_if(key, value).await
    }
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.check()?;
        self.inner.increment(key, ttl).await
    }
    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        self.check()?;
        self.inner.count(key).await
    }
    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        self.check()?;
        self.inner.acquire(limits).await
    }
    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.release(limits).await
    }
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.check()?;
        self.inner.append(key, value, max, ttl).await
    }
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.check()?;
        self.inner.list(key).await
    }
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.publish(channel, message).await
    }
    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        self.check()?;
        self.inner.subscribe(channel).await
    }
    async fn ping(&self) -> Result<(), CacheDown> {
        self.check()
    }
}

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
        let inner = MemoryCache::with_clock(clock.clone());
        let cache = Arc::new(FallibleCache { inner, is_down: AtomicBool::new(false), gets: AtomicUsize::new(0) });
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
        self.cache.is_down.store(is_down, Ordering::SeqCst);
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
