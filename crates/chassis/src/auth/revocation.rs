//! Sessions that were ended before their access tokens expired.
//!
//! The cache answers every request. Each service also keeps a table of its own, fed by `SessionRevoked`: it
//! answers while the cache is away, and feeds the cache again when that has lost its contents.

use super::verifier::AuthFailure;
use crate::cache::{Cache, CacheDown};
use crate::events::{HandleError, read};
use crate::id;
use crate::schema::revoked_sessions;
use db::{AnyOfExt, Db, DbConnection, DbError, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use futures_util::FutureExt;
use proto_events::auth::v1::SessionRevoked;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a process trusts that the cache still has what it was fed.
const FED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Between two tries to tell a cache that is away.
const TRY_AGAIN: Duration = Duration::from_secs(1);

fn key(session: Uuid) -> String {
    format!("revoked:{session}")
}

/// Records that a session ended, in the transaction that ends it. After the commit call [`revoke`].
///
/// No access token of the session may be alive after `expires_at`.
pub async fn record(c: &mut DbConnection, session: Uuid, expires_at: Timestamp) -> QueryResult<()> {
    use revoked_sessions as t;
    diesel::insert_into(t::table)
        .values((t::session_id.eq(session.as_bytes().as_slice()), t::expires_at.eq(expires_at)))
        .on_conflict_set(&[t::session_id::NAME], &[t::expires_at::NAME])
        .execute(c)
        .await
        .map(drop)
}

/// Makes the session's tokens stop working everywhere, at once if the cache is there and else when it is back.
pub async fn revoke(cache: &Arc<dyn Cache>, now: Timestamp, session: Uuid, expires_at: Timestamp) {
    // With no time left its tokens have expired by themselves.
    let Some(left) = left(now, expires_at) else { return };
    if let Err(error) = cache.set(&key(session), b"1", left).await {
        tracing::warn!(%error, "a revocation has to wait for the cache");
        tokio::spawn(keep_trying(Arc::clone(cache), session, Instant::now() + left));
    }
}

/// A cache that is back after a break in the network still has everything but this.
async fn keep_trying(cache: Arc<dyn Cache>, session: Uuid, until: Instant) {
    loop {
        tokio::time::sleep(TRY_AGAIN).await;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || cache.set(&key(session), b"1", left).await.is_ok() {
            return;
        }
    }
}

fn left(now: Timestamp, expires_at: Timestamp) -> Option<Duration> {
    expires_at.since(now).to_std().ok().filter(|left| !left.is_zero())
}

/// Handles `auth.v1.SessionRevoked`: keeps the row, and tells the cache without waiting for it.
pub async fn apply(
    c: &mut DbConnection,
    cache: &Arc<dyn Cache>,
    now: Timestamp,
    event: &SessionRevoked,
) -> Result<(), HandleError> {
    let session = Uuid::from_slice(&event.session_id).map_err(|_| HandleError::poison("session_id is not an id"))?;
    let expires_at = read::time("expires_at", event.expires_at)?;
    if expires_at <= now {
        return Ok(());
    }
    record(c, session, expires_at).await?;
    let cache = Arc::clone(cache);
    let mut told = async move { revoke(&cache, now, session, expires_at).await }.boxed();
    // In memory it is done at once. A transaction does not wait for a network, so Redis is told on the side;
    // should the transaction fail, that the session ended is true all the same.
    if (&mut told).now_or_never().is_none() {
        tokio::spawn(told);
    }
    Ok(())
}

/// Sessions of a question to the table.
const SESSIONS_PER_QUERY: usize = 256;

/// Which of `sessions` were ended while tokens of theirs may be alive, by this service's own table.
pub async fn ended(c: &mut DbConnection, sessions: &[Uuid], now: Timestamp) -> QueryResult<Vec<Uuid>> {
    use revoked_sessions as t;
    let mut ended = Vec::new();
    for some in sessions.chunks(SESSIONS_PER_QUERY) {
        let ids: Vec<Vec<u8>> = some.iter().map(|session| session.as_bytes().to_vec()).collect();
        let alive = t::table.filter(t::session_id.any_of(&ids)).filter(t::expires_at.gt(now));
        let found: Vec<Vec<u8>> = alive.select(t::session_id).load(c).await?;
        ended.extend(found.iter().filter_map(|id| Uuid::from_slice(id).ok()));
    }
    Ok(ended)
}

/// Forgets sessions whose tokens have all expired. A job of every service.
pub async fn sweep(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(revoked_sessions::table.filter(revoked_sessions::expires_at.le(now))).execute(c).await
}

/// Feeds the cache from the table. For the start of a service; the verifier calls it when the cache is empty.
pub async fn refill(c: &mut DbConnection, cache: &dyn Cache, now: Timestamp) -> Result<usize, RefillError> {
    use revoked_sessions as t;
    let rows: Vec<(Vec<u8>, Timestamp)> =
        t::table.filter(t::expires_at.gt(now)).select((t::session_id, t::expires_at)).load(c).await?;
    for (session, expires_at) in &rows {
        if let (Ok(session), Some(left)) = (Uuid::from_slice(session), left(now, *expires_at)) {
            cache.set(&key(session), b"1", left).await?;
        }
    }
    Ok(rows.len())
}

#[derive(Debug, thiserror::Error)]
pub enum RefillError {
    #[error("the cache is not fed: {0}")]
    Cache(#[from] CacheDown),
    #[error("the cache is not fed: the table cannot be read")]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for RefillError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// The question every request asks.
pub(super) struct Revocations {
    db: Db,
    cache: Arc<dyn Cache>,
    /// Is in the cache as long as that has not lost what this process fed it. Each process has its own: what
    /// one knows of, another may not have heard yet.
    marker: String,
    /// When the marker was last seen, in seconds.
    seen_fed_secs: AtomicI64,
}

impl Revocations {
    pub(super) fn new(db: Db, cache: Arc<dyn Cache>) -> Self {
        let marker = format!("revoked:fed:{}", id::fresh::<Uuid>());
        Self { db, cache, marker, seen_fed_secs: AtomicI64::new(i64::MIN) }
    }

    pub(super) async fn contains(&self, session: Uuid, now: Timestamp) -> Result<bool, AuthFailure> {
        let answer = match self.feed_if_empty(now).await {
            Ok(()) => self.cache.get(&key(session)).await.map(|found| found.is_some()),
            Err(down) => Err(down),
        };
        match answer {
            Ok(revoked) => Ok(revoked),
            Err(down) => self.in_table(session, now).await.map_err(|error| {
                tracing::warn!(%error, %down, "nobody can say which sessions were ended");
                AuthFailure::Unavailable("neither the cache nor the database can say which sessions were ended".into())
            }),
        }
    }

    /// Once a second: a Redis that was restarted or flushed is there but knows nothing.
    async fn feed_if_empty(&self, now: Timestamp) -> Result<(), CacheDown> {
        let secs = now.micros().div_euclid(1_000_000);
        if AtomicI64::load(&self.seen_fed_secs, Ordering::Relaxed) == secs {
            return Ok(());
        }
        if self.cache.get(&self.marker).await?.is_none() {
            let fed = match self.db.read().await {
                Ok(mut c) => refill(&mut c, &*self.cache, now).await,
                Err(error) => Err(error.into()),
            };
            match fed {
                Ok(sessions) => tracing::debug!(sessions, "the cache is fed with ended sessions"),
                Err(error) => return Err(CacheDown(error.to_string())),
            }
            self.cache.set(&self.marker, b"1", FED_FOR).await?;
        }
        self.seen_fed_secs.store(secs, Ordering::Relaxed);
        Ok(())
    }

    async fn in_table(&self, session: Uuid, now: Timestamp) -> Result<bool, DbError> {
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
