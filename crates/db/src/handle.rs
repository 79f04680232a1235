//! The handle a service holds: connections to read and to write with, transactions, and the ready check.

use crate::config::{DbConfig, Target, Targets};
use crate::connection::{BackendKind, DbConnection};
use crate::error::{DbError, TxError, is_connection_lost};
use crate::file::unusable;
use crate::group::{Ended, GroupCommit, Turn};
use crate::long_read::{LONG_READS, LongRead, LongReads};
use crate::pool::{Access, PooledConnection, pool};
use crate::transaction::DbTransactionManager;
use diesel::sql_types::Text;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection, TransactionManager};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often a transaction is run again before its error is returned.
const RETRIES: u32 = 8;
/// The wait before the first of them; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// How long a ready check may take.
const PING: Duration = Duration::from_secs(2);

/// A database. Cloning it is cheap and gives the same one.
#[derive(Clone)]
pub struct Db {
    read: Pool<DbConnection>,
    replica: Pool<DbConnection>,
    write: Pool<DbConnection>,
    long: LongReads,
    /// SQLite's way to commit.
    groups: Option<GroupCommit>,
    pub(crate) migrations: Arc<Target>,
    kind: BackendKind,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What can run in a transaction, and again: an async closure from the connection to a result, whose future is `Send`.
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

/// Names the future an async closure returns, so that it can be required to be `Send`.
pub trait NamedFuture<T, R>: AsyncFn(T) -> R + Fn(T) -> <Self as NamedFuture<T, R>>::Fut {
    /// What calling the closure gives.
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
    /// Opens the database and checks that it can be used: an SQLite file and its folder are made when missing,
    /// a MySQL database must exist and be utf8mb4.
    ///
    /// Call it on the long-lived multi-threaded runtime: connections opened later are opened there too.
    pub async fn connect(config: &DbConfig) -> Result<Self, DbError> {
        let targets = Targets::parse(config)?;
        let kind = targets.primary.kind();
        let (read, replica, write) = match &targets.primary {
            Target::Sqlite { path, .. } => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
                }
                let write = pool(&targets.primary, Access::ReadWrite, 1)?;
                // Makes the file and its write-ahead log before a reader, which may not, opens it.
                drop(write.get().await.map_err(|error| unusable(path, &error))?);
                let read = pool(&targets.primary, Access::ReadOnly, config.pool_size)?;
                (read.clone(), read, write)
            }
            Target::Mysql { .. } => {
                let write = pool(&targets.primary, Access::ReadWrite, config.pool_size)?;
                check_charset(&write).await?;
                let replica = match &targets.replica {
                    None => write.clone(),
                    Some(replica) => {
                        let replica = pool(replica, Access::ReadOnly, config.pool_size)?;
                        check_charset(&replica).await?;
                        replica
                    }
                };
                (write.clone(), replica, write)
            }
        };
        let long = pool(targets.replica.as_ref().unwrap_or(&targets.primary), Access::LongRead, LONG_READS)?;
        let long = LongReads::new(long);
        let groups = (kind == BackendKind::Sqlite).then(|| GroupCommit::new(write.clone()));
        Ok(Self { read, replica, write, long, groups, migrations: Arc::new(targets.migrations), kind })
    }

    /// Which database this is.
    pub const fn kind(&self) -> BackendKind {
        self.kind
    }

    /// A connection to read with, which sees every commit at once. On SQLite it cannot write.
    pub async fn read(&self) -> Result<PooledConnection, DbError> {
        Ok(self.read.get().await?)
    }

    /// A connection for what may be a little late, such as a report: from the replica if there is one.
    pub async fn replica(&self) -> Result<PooledConnection, DbError> {
        Ok(self.replica.get().await?)
    }

    /// A turn for a read that takes long, on connections outside the pools of requests; at most two at a time.
    ///
    /// None where no turn is free within `wait`; with [`Duration::ZERO`] it does not wait. A handler turns that
    /// into 429 (`chassis::http::long_read`).
    pub async fn long_read(&self, wait: Duration) -> Option<LongRead> {
        self.long.begin(wait).await
    }

    /// A connection to the primary, for single statements. On SQLite there is one of these: give it back soon.
    pub async fn write(&self) -> Result<PooledConnection, DbError> {
        Ok(self.write.get().await?)
    }

    /// Runs `f` in a transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// Runs it again, up to eight times and waiting longer each time, when its error is one that
    /// [`is_retryable`](crate::is_retryable), and when the server had gone away before the transaction began.
    /// Each retry counts in the metric `db_tx_retries_total`. A connection lost at the commit is not retried:
    /// the commit may have happened.
    pub async fn tx<R, E, F>(&self, f: F) -> Result<R, E>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        Ok(self.tx_signalled(f).await?.value)
    }

    /// [`Db::tx`], which also says whether the transaction asked for a signal by
    /// [`signal_commit`](DbConnection::signal_commit).
    pub async fn tx_signalled<R, E, F>(&self, f: F) -> Result<Committed<R>, E>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        let mut wait = FIRST_WAIT;
        let mut alone = false;
        for _ in 0..RETRIES {
            match self.attempt(&f, alone).await {
                Ok(done) => return Ok(done),
                Err(Failed { error, retry: Retry::Never }) => return Err(error),
                Err(Failed { retry: Retry::Again, .. }) => {}
                Err(Failed { retry: Retry::Alone, .. }) => alone = true,
            }
            metrics::counter!("db_tx_retries_total").increment(1);
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
        self.attempt(&f, alone).await.map_err(|failed| failed.error)
    }

    async fn attempt<R, E, F>(&self, f: &F, alone: bool) -> Result<Committed<R>, Failed<E>>
    where
        F: TxFn<R, E>,
        E: TxError + Send,
        R: Send,
    {
        if let Some(groups) = &self.groups {
            return in_group(groups.begin(alone).await.map_err(Failed::of)?, f).await;
        }
        let mut pooled = self.write().await.map_err(Failed::of)?;
        let conn: &mut DbConnection = &mut pooled;
        if let Err(error) = DbTransactionManager::begin_transaction(conn).await {
            let nothing_happened_yet = is_connection_lost(&error);
            let failed = Failed::<E>::of(DbError::Query(error));
            return Err(if nothing_happened_yet { Failed { retry: Retry::Again, ..failed } } else { failed });
        }
        conn.signal = false;
        match f(conn).await {
            Ok(value) => match DbTransactionManager::commit_transaction(conn).await {
                Ok(()) => Ok(Committed { value, signal: conn.signal }),
                Err(error) => Err(Failed::of(DbError::Query(error))),
            },
            Err(error) => {
                // The first error is the one to tell. Where the rollback fails too, the pool finds the
                // transaction still open and closes the connection, which rolls back as well.
                if let Err(rollback) = DbTransactionManager::rollback_transaction(conn).await {
                    tracing::debug!(%rollback, "rollback failed; the connection is thrown away");
                }
                Err(Failed::with(error))
            }
        }
    }

    /// The ready check: whether the primary answers within two seconds. (SQLite is asked on a reader, so that a
    /// long write does not look like an outage.)
    pub async fn ping(&self) -> Result<(), DbError> {
        let pool = match self.kind {
            BackendKind::Mysql => &self.write,
            BackendKind::Sqlite => &self.read,
        };
        let answer = async { Ok(pool.get().await?.batch_execute("SELECT 1").await?) };
        tokio::time::timeout(PING, answer).await.unwrap_or(Err(DbError::PingTimeout(PING)))
    }
}

/// What a committed transaction answers.
#[derive(Debug)]
pub struct Committed<R> {
    /// The closure's answer.
    pub value: R,
    /// Whether it asked for a signal by [`signal_commit`](DbConnection::signal_commit).
    pub signal: bool,
}

async fn in_group<R, E, F>(mut turn: Turn, f: &F) -> Result<Committed<R>, Failed<E>>
where
    F: TxFn<R, E>,
    E: TxError + Send,
    R: Send,
{
    let (outcome, ended) = match f(turn.connection()).await {
        Ok(value) => {
            let signal = turn.connection().signal;
            (Ok(Committed { value, signal }), turn.commit().await)
        }
        Err(error) => {
            let failed = Failed::with(error);
            let alone = turn.connection().commits_alone;
            let retry = if alone && failed.retry == Retry::Again { Retry::Alone } else { failed.retry };
            (Err(Failed { retry, ..failed }), turn.roll_back().await)
        }
    };
    match ended {
        Ended::Committed => outcome,
        Ended::Failed(error) => Err(Failed::of(error)),
        Ended::RolledBack => {
            let error = DbError::Query(diesel::result::Error::RollbackTransaction).into();
            Err(Failed { error, retry: Retry::Alone })
        }
    }
}

struct Failed<E> {
    error: E,
    retry: Retry,
}

/// Whether a transaction that failed is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Never,
    Again,
    /// Again, sharing its commit with no other.
    Alone,
}

impl<E: TxError> Failed<E> {
    fn with(error: E) -> Self {
        Self { retry: if error.is_retryable() { Retry::Again } else { Retry::Never }, error }
    }
    fn of(error: DbError) -> Self {
        Self::with(error.into())
    }
}

/// Three-byte `utf8` loses what lies outside the basic plane, and changing it later rewrites every table.
async fn check_charset(pool: &Pool<DbConnection>) -> Result<(), DbError> {
    let mut connection = pool.get().await?;
    let charset = diesel::dsl::sql::<Text>("@@character_set_database");
    let found: String = diesel::select(charset).get_result(&mut connection).await?;
    if found == "utf8mb4" { Ok(()) } else { Err(DbError::Charset { found }) }
}
