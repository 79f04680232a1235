//! Database handle of a service: read and write connections, transactions, and the ready check.

use crate::attempt::{Attempt, NotBegun};
use crate::backend_kind::BackendKind;
use crate::changes::{self, ChangeObserver, Observer};
use crate::config::{DbConfig, Target, Targets};
use crate::connection::DbConnection;
use crate::error::{DbError, TxError};
use crate::file_error::file_error;
use crate::group_commit::GroupCommit;
use crate::long_read::{LongRead, LongReads, MAX_LONG_READS};
use crate::open::Access;
use crate::pool::{PoolUse, PooledConnection, pool};
use crate::replica::ReplicaPool;
use crate::transaction::TransactionOutcome;
use diesel::sql_types::Text;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Maximum retries of a transaction.
const MAX_RETRIES: u32 = 8;
/// Delay before the first retry; it doubles up to [`MAX_RETRY_DELAY`].
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(5);
const MAX_RETRY_DELAY: Duration = Duration::from_millis(500);
/// Maximum duration of a ready check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A database. Clones are cheap and share the connections.
#[derive(Clone)]
pub struct Db {
    read: Pool<DbConnection>,
    replica: ReplicaPool,
    write: Pool<DbConnection>,
    /// For the health check alone, so that busy pools do not look like an outage.
    probe: Pool<DbConnection>,
    long: LongReads,
    /// Group commit, on SQLite only.
    groups: Option<GroupCommit>,
    pub(crate) primary: Arc<Target>,
    pub(crate) migrations: Arc<Target>,
    kind: BackendKind,
    /// Is informed of what transactions change.
    observer: Observer,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A transaction body: an async closure from the connection to a result, which can run several times and whose future
/// is `Send`.
pub trait TxFn<R, E>:
    for<'r> AsyncFn(&'r mut DbConnection) -> Result<R, E>
    + for<'r> NamedFuture<&'r mut DbConnection, Result<R, E>, Fut: Send>
    + Send
    + Sync
{
}
impl<F, R, E> TxFn<R, E> for F where
    F: for<'r> AsyncFn(&'r mut DbConnection) -> Result<R, E>
        + for<'r> NamedFuture<&'r mut DbConnection, Result<R, E>, Fut: Send>
        + Send
        + Sync
{
}

/// Names the future of an async closure, so that a bound can require it to be `Send`.
pub trait NamedFuture<T, R>: AsyncFn(T) -> R + Fn(T) -> <Self as NamedFuture<T, R>>::Fut {
    /// The future that a call returns.
    type Fut: Future<Output = R>;
}
impl<F, T, Fut, R> NamedFuture<T, R> for F
where
    F: AsyncFn(T) -> R + Fn(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

impl Db {
    /// Opens the database. Creates an SQLite file and its folder when missing; a MySQL database must exist and be
    /// utf8mb4. Errors when the configuration is invalid or no connection can be opened.
    ///
    /// Call it on the long-lived multi-threaded runtime: later connections are opened there too.
    pub fn connect(config: &DbConfig) -> BoxFuture<'_, Result<Self, DbError>> {
        Box::pin(async move {
            let targets = Targets::parse(config)?;
            let (kind, max_age) = (targets.primary.kind(), config.max_connection_age);
            let (read, replica, write) = match &targets.primary {
                Target::Sqlite { path, .. } => {
                    if let Some(folder) = path.parent() {
                        std::fs::create_dir_all(folder).map_err(|error| file_error(path, &error))?;
                    }
                    let write = pool(&targets.primary, Access::ReadWrite, 1, max_age)?;
                    // Creates the file and its write-ahead log; a reader cannot.
                    drop(write.get().await.map_err(|error| file_error(path, &error))?);
                    let read = pool(&targets.primary, Access::ReadOnly, config.pool_size, max_age)?;
                    (read.clone(), ReplicaPool::new(read, None), write)
                }
                Target::Mysql { .. } => {
                    let write = pool(&targets.primary, Access::ReadWrite, config.pool_size, max_age)?;
                    check_charset(&write).await?;
                    let replica = match &targets.replica {
                        None => None,
                        Some(replica) => {
                            let replica = pool(replica, Access::ReadOnly, config.pool_size, max_age)?;
                            check_replica(&replica).await?;
                            Some(replica)
                        }
                    };
                    (write.clone(), ReplicaPool::new(write.clone(), replica), write)
                }
            };
            let long_pool = |target: &Target| pool(target, Access::LongRead, MAX_LONG_READS, max_age);
            let replica_of_long = targets.replica.as_ref().map(long_pool).transpose()?;
            let long = LongReads::new(ReplicaPool::new(long_pool(&targets.primary)?, replica_of_long));
            let probe = pool(&targets.primary, Access::ReadOnly, 1, max_age)?;
            let groups = (kind == BackendKind::Sqlite).then(|| GroupCommit::new(write.clone()));
            let (primary, migrations) = (Arc::new(targets.primary), Arc::new(targets.migrations));
            let observer = Observer::default();
            Ok(Self { read, replica, write, probe, long, groups, primary, migrations, kind, observer })
        })
    }

    /// Informs `observer` of what transactions change from now on. False, without an effect, when there is one already.
    pub fn observe_changes(&self, observer: Arc<dyn ChangeObserver>) -> bool {
        self.observer.set(observer).is_ok()
    }

    /// Kind of the database.
    pub const fn kind(&self) -> BackendKind {
        self.kind
    }

    /// A connection for reads that must see every commit. On SQLite it cannot write.
    pub fn read(&self) -> BoxFuture<'_, Result<PooledConnection, DbError>> {
        Box::pin(async move { Ok(self.read.get().await?) })
    }

    /// A connection for reads that may lag, such as reports: to the replica, if one is configured and reachable.
    pub fn replica(&self) -> BoxFuture<'_, Result<PooledConnection, DbError>> {
        Box::pin(async move { self.replica.get().await })
    }

    /// Use of the pools that requests wait for.
    pub fn pool_use(&self) -> Vec<PoolUse> {
        let read = (self.kind == BackendKind::Sqlite).then_some(("read", &self.read));
        let replica = self.replica.of_replica().map(|pool| ("replica", pool));
        let pools = [Some(("write", &self.write)), read, replica];
        pools.into_iter().flatten().map(|(name, pool)| PoolUse::read(name, pool)).collect()
    }

    /// A permit for a long read, on connections outside the pools of requests. There are two permits.
    ///
    /// `None` when no permit is free within `wait`; [`Duration::ZERO`] does not wait. A handler answers that with 429
    /// (`http_api::long_read`).
    pub async fn long_read(&self, wait: Duration) -> Option<LongRead> {
        self.long.begin(wait).await
    }

    /// A connection to the primary, for single statements. SQLite has only one: release it soon.
    pub fn write(&self) -> BoxFuture<'_, Result<PooledConnection, DbError>> {
        Box::pin(async move { Ok(self.write.get().await?) })
    }

    /// Runs `f` in a transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// Retries up to eight times with growing delays when the error [is retryable](crate::is_retryable), or when the
    /// connection was lost before the transaction began. The metric `db_tx_retries_total` counts the retries. A
    /// connection lost at the commit is not retried, because the commit may have taken effect.
    pub async fn tx<R, E, F>(&self, f: F) -> Result<R, E>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        Ok(self.tx_committed(f).await?.value)
    }

    /// Like [`Db::tx`]; the result also says whether the transaction called
    /// [`notify_on_commit`](DbConnection::notify_on_commit).
    pub async fn tx_committed<R, E, F>(&self, f: F) -> Result<Committed<R>, E>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        let mut delay = FIRST_RETRY_DELAY;
        let mut alone = false;
        for _ in 0..MAX_RETRIES {
            match self.attempt(&f, alone).await {
                Ok(committed) => return Ok(committed),
                Err(Failed { error, retry: Retry::Never }) => return Err(error),
                Err(Failed { retry: Retry::Again, .. }) => {}
                Err(Failed { retry: Retry::Alone, .. }) => alone = true,
            }
            metrics::counter!("db_tx_retries_total").increment(1);
            tokio::time::sleep(delay).await;
            delay = delay.saturating_mul(2).min(MAX_RETRY_DELAY);
        }
        self.attempt(&f, alone).await.map_err(|failed| failed.error)
    }

    async fn attempt<R, E, F>(&self, f: &F, alone: bool) -> Result<Committed<R>, Failed<E>>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        let begun = Attempt::begin(&self.write, self.groups.as_ref(), alone).await;
        let mut attempt = begun.map_err(|NotBegun { error, is_lost }| {
            let failed = Failed::from_db(error);
            if is_lost { Failed { retry: Retry::Again, ..failed } } else { failed }
        })?;
        let (result, outcome) = match f(attempt.connection()).await {
            Ok(value) => {
                let notify = attempt.connection().notify;
                let changed = std::mem::take(&mut attempt.connection().changed);
                let outcome = changes::commit(attempt.commit(), changed, &self.observer).await;
                (Ok(Committed { value, notify }), outcome)
            }
            Err(error) => {
                let failed = Failed::from_error(error);
                let alone = attempt.connection().commits_alone;
                let retry = if alone && failed.retry == Retry::Again { Retry::Alone } else { failed.retry };
                (Err(Failed { retry, ..failed }), attempt.roll_back().await)
            }
        };
        match outcome {
            TransactionOutcome::Done => result,
            TransactionOutcome::Failed(error) => Err(Failed::from_db(error)),
            TransactionOutcome::RolledBack => {
                let error = DbError::Query(diesel::result::Error::RollbackTransaction).into();
                Err(Failed { error, retry: Retry::Alone })
            }
        }
    }

    /// Health check: errors unless the primary answers within two seconds. It has a connection of its own.
    pub async fn ping(&self) -> Result<(), DbError> {
        let answer = async { Ok(self.probe.get().await?.batch_execute("SELECT 1").await?) };
        tokio::time::timeout(PING_TIMEOUT, answer).await.unwrap_or(Err(DbError::PingTimeout(PING_TIMEOUT)))
    }
}

/// Result of a committed transaction.
#[derive(Debug)]
pub struct Committed<R> {
    /// Value that the closure returned.
    pub value: R,
    /// Whether it called [`notify_on_commit`](DbConnection::notify_on_commit).
    pub notify: bool,
}

struct Failed<E> {
    error: E,
    retry: Retry,
}

/// Whether a failed transaction runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Never,
    Again,
    /// Again, without sharing its commit.
    Alone,
}

impl<E: TxError> Failed<E> {
    fn from_error(error: E) -> Self {
        Self { retry: if error.is_retryable() { Retry::Again } else { Retry::Never }, error }
    }
    fn from_db(error: DbError) -> Self {
        Self::from_error(error.into())
    }
}

/// As [`check_charset`], of a replica; one that cannot be reached is used once it can.
async fn check_replica(pool: &Pool<DbConnection>) -> Result<(), DbError> {
    match check_charset(pool).await {
        Err(DbError::Pool(error)) => {
            tracing::warn!(%error, "replica unreachable; the primary serves its reads");
            Ok(())
        }
        checked => checked,
    }
}

/// Refuses a database that is not utf8mb4. Three-byte `utf8` loses characters outside the basic plane, and a later
/// change rewrites every table.
async fn check_charset(pool: &Pool<DbConnection>) -> Result<(), DbError> {
    let mut connection = pool.get().await?;
    let charset = diesel::dsl::sql::<Text>("@@character_set_database");
    let found: String = diesel::select(charset).get_result(&mut connection).await?;
    if found == "utf8mb4" { Ok(()) } else { Err(DbError::Charset { found }) }
}
