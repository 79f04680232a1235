//! Revoked sessions: sessions that ended before their access tokens expired.
//!
//! The cache is asked for every request. Each service also has a table, filled by `SessionRevoked`: it is asked while
//! the cache is down, and refills the cache after a loss of its contents.

use crate::error::AuthFailure;
use crate::schema::revoked_sessions;
use db::{AnyOfExt, Db, DbConnection, DbError, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use futures_util::FutureExt;
use messaging::handler::EventHandler;
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::auth::v1::SessionRevoked;
use runtime::cache::{Cache, CacheDown};
use runtime::clock::Clock;
use runtime::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Lifetime of the marker that shows that the cache has kept the revocations written by this process.
const MARKER_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Channel of the cache on which each revocation is published, as the bytes of the id of the session.
pub const REVOKED_CHANNEL: &str = "sessions:revoked";

/// Time between two attempts to write a revocation to a cache that is down.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

fn key(session: Uuid) -> String {
    format!("revoked:{session}")
}

/// Stores the revocation of a session, in the transaction that ends it. After the commit call [`revoke`].
///
/// Every access token of the session must expire by `expires_at`.
pub async fn record(c: &mut DbConnection, session: Uuid, expires_at: Timestamp) -> QueryResult<()> {
    use revoked_sessions as t;
    diesel::insert_into(t::table)
        .values((t::session_id.eq(session.as_bytes().as_slice()), t::expires_at.eq(expires_at)))
        .on_conflict_set(&[t::session_id::NAME], &[t::expires_at::NAME])
        .execute(c)
        .await
        .map(drop)
}

/// Writes the revocation to the cache, so that all services refuse the session's tokens, and publishes it, so that open
/// streams end. While the cache is down, tries again in the background.
pub async fn revoke(cache: &Arc<dyn Cache>, now: Timestamp, session: Uuid, expires_at: Timestamp) {
    // Without time left, all its tokens have expired.
    let Some(left) = remaining(now, expires_at) else { return };
    let cached = cache.set(&key(session), b"1", left).await;
    if let Err(error) = cache.publish(REVOKED_CHANNEL, session.as_bytes()).await {
        tracing::debug!(%error, "revocation not published; streams find it by themselves");
    }
    if let Err(error) = cached {
        tracing::warn!(%error, "revocation not cached; retry scheduled");
        tokio::spawn(retry_until_cached(Arc::clone(cache), session, Instant::now() + left));
    }
}

/// Writes the revocation once the cache is back; after an interruption of the network it has everything else.
async fn retry_until_cached(cache: Arc<dyn Cache>, session: Uuid, until: Instant) {
    loop {
        tokio::time::sleep(RETRY_INTERVAL).await;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || cache.set(&key(session), b"1", left).await.is_ok() {
            return;
        }
    }
}

fn remaining(now: Timestamp, expires_at: Timestamp) -> Option<Duration> {
    expires_at.since(now).to_std().ok().filter(|left| !left.is_zero())
}

/// Handles `auth.v1.SessionRevoked`: stores the row, and writes to the cache without waiting for it.
pub async fn apply(
    c: &mut DbConnection,
    cache: &Arc<dyn Cache>,
    now: Timestamp,
    event: &SessionRevoked,
) -> Result<(), HandleError> {
    let session = Uuid::from_slice(&event.session_id).map_err(|_| HandleError::poison("session_id is not an id"))?;
    let expires_at = decode::time("expires_at", event.expires_at)?;
    if expires_at <= now {
        return Ok(());
    }
    record(c, session, expires_at).await?;
    let cache = Arc::clone(cache);
    let mut cached = async move { revoke(&cache, now, session, expires_at).await }.boxed();
    // The memory cache is written at once. Redis is written in the background, because a transaction must not wait for
    // the network. The revocation is valid even if this transaction fails.
    if (&mut cached).now_or_never().is_none() {
        tokio::spawn(cached);
    }
    Ok(())
}

/// Handles `auth.v1.SessionRevoked` for every service.
struct RevocationConsumer {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
}

#[async_trait::async_trait]
impl ApplyBatch<Vec<SessionRevoked>> for RevocationConsumer {
    async fn apply(&self, c: &mut DbConnection, revoked: Vec<SessionRevoked>) -> Result<(), HandleError> {
        let now = self.clock.now();
        for event in &revoked {
            apply(c, &self.cache, now, event).await?;
        }
        Ok(())
    }
}

/// The handler of `auth.v1.SessionRevoked` that runs before the handler of each service.
pub fn event_handler(cache: Arc<dyn Cache>, clock: Arc<dyn Clock>) -> Arc<dyn EventHandler> {
    let consumer = EventConsumer::new(RevocationConsumer { cache, clock });
    Arc::new(consumer.on::<SessionRevoked>(|batch: &mut Vec<SessionRevoked>, event| {
        batch.push(event);
        Ok(())
    }))
}

/// Sessions of one query.
const SESSIONS_PER_QUERY: usize = 256;

/// Lists those of `sessions` that are revoked according to the table of this service.
pub async fn list_revoked(c: &mut DbConnection, sessions: &[Uuid], now: Timestamp) -> QueryResult<Vec<Uuid>> {
    use revoked_sessions as t;
    let mut revoked = Vec::new();
    for some in sessions.chunks(SESSIONS_PER_QUERY) {
        let ids: Vec<Vec<u8>> = some.iter().map(|session| session.as_bytes().to_vec()).collect();
        let revocations = t::table.filter(t::session_id.any_of(&ids)).filter(t::expires_at.gt(now));
        let found: Vec<Vec<u8>> = revocations.select(t::session_id).load(c).await?;
        revoked.extend(found.iter().filter_map(|id| Uuid::from_slice(id).ok()));
    }
    Ok(revoked)
}

/// Deletes revocations of sessions whose tokens have all expired. Returns how many.
pub async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(revoked_sessions::table.filter(revoked_sessions::expires_at.le(now))).execute(c).await
}

/// Writes all revocations of the table to the cache. Returns how many.
pub async fn refill_cache(c: &mut DbConnection, cache: &dyn Cache, now: Timestamp) -> Result<usize, RefillError> {
    use revoked_sessions as t;
    let rows: Vec<(Vec<u8>, Timestamp)> =
        t::table.filter(t::expires_at.gt(now)).select((t::session_id, t::expires_at)).load(c).await?;
    for (session, expires_at) in &rows {
        if let (Ok(session), Some(left)) = (Uuid::from_slice(session), remaining(now, *expires_at)) {
            cache.set(&key(session), b"1", left).await?;
        }
    }
    Ok(rows.len())
}

/// Why the cache could not be refilled.
#[derive(Debug, thiserror::Error)]
pub enum RefillError {
    #[error("the revocations cannot be written to the cache: {0}")]
    Cache(#[from] CacheDown),
    #[error("the table of revoked sessions cannot be read")]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for RefillError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Lookup of revoked sessions: in the cache, else in the table.
pub(crate) struct Revocations {
    db: Db,
    cache: Arc<dyn Cache>,
    /// A key that is in the cache as long as the cache has kept what this process wrote. Each process has its own,
    /// because another process may not have received the same revocations yet.
    marker: String,
    /// When the marker was last found, in seconds since 1970.
    marker_seen_secs: AtomicI64,
    /// Whether a call of the cache failed after the last refill, so that it may lack revocations of that time.
    may_lack_revocations: AtomicBool,
}

impl Revocations {
    pub(crate) fn new(db: Db, cache: Arc<dyn Cache>) -> Self {
        let marker = format!("revoked:fed:{}", id::fresh::<Uuid>());
        Self {
            db,
            cache,
            marker,
            marker_seen_secs: AtomicI64::new(i64::MIN),
            may_lack_revocations: AtomicBool::new(false),
        }
    }

    /// Whether the session is revoked. Errors when neither the cache nor the table can be read.
    pub(crate) async fn contains(&self, session: Uuid, now: Timestamp) -> Result<bool, AuthFailure> {
        let cached = match self.refill_if_empty(now).await {
            Ok(()) => self.cache.get(&key(session)).await.map(|found| found.is_some()),
            Err(down) => Err(down),
        };
        match cached {
            Ok(revoked) => Ok(revoked),
            Err(down) => {
                self.may_lack_revocations.store(true, Ordering::Relaxed);
                self.is_in_table(session, now).await.map_err(|error| {
                    tracing::warn!(%error, %down, "revoked sessions cannot be read");
                    let detail = "neither the cache nor the database can be asked for revoked sessions";
                    AuthFailure::Unavailable(detail.into())
                })
            }
        }
    }

    /// Refills the cache when the marker is missing, as after a restart of Redis, and after an outage. Checks once a
    /// second.
    async fn refill_if_empty(&self, now: Timestamp) -> Result<(), CacheDown> {
        let secs = now.micros().div_euclid(1_000_000);
        let after_outage = AtomicBool::load(&self.may_lack_revocations, Ordering::Relaxed);
        if !after_outage && AtomicI64::load(&self.marker_seen_secs, Ordering::Relaxed) == secs {
            return Ok(());
        }
        if self.cache.get(&self.marker).await?.is_none() || after_outage {
            let refilled = match self.db.read().await {
                Ok(mut c) => refill_cache(&mut c, &*self.cache, now).await,
                Err(error) => Err(error.into()),
            };
            match refilled {
                Ok(sessions) => tracing::debug!(sessions, "cache refilled with revoked sessions"),
                Err(error) => return Err(CacheDown(error.to_string())),
            }
            self.cache.set(&self.marker, b"1", MARKER_TTL).await?;
            self.may_lack_revocations.store(false, Ordering::Relaxed);
        }
        self.marker_seen_secs.store(secs, Ordering::Relaxed);
        Ok(())
    }

    async fn is_in_table(&self, session: Uuid, now: Timestamp) -> Result<bool, DbError> {
        use revoked_sessions as t;
        let mut c = self.db.read().await?;
        let rows: i64 = t::table
            .filter(t::session_id.eq(session.as_bytes().as_slice()))
            .filter(t::expires_at.gt(now))
            .count()
            .get_result(&mut c)
            .await?;
        Ok(rows > 0)
    }
}
