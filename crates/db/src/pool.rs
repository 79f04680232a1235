//! How a connection is opened, and the pools that keep them.

use crate::config::{Synchronous, Target};
use crate::connection::{DbConnection, Inner, Sqlite3, StatementExecutor};
use crate::error::{DbError, is_retryable};
use crate::transaction::WAIT_FOR_LOCKS;
use diesel::{Connection, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use std::path::Path;
use std::time::Duration;

/// A connection on loan; it goes back to its pool when dropped.
pub type PooledConnection = Object<DbConnection>;

/// Longest wait for a free connection.
pub(crate) const WAIT: Duration = Duration::from_secs(10);
/// Longest wait for a new one to open.
const OPEN: Duration = Duration::from_secs(5);
/// A MySQL connection unused for longer is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(5);
/// Attempts to open an SQLite file that another process is just switching to a write-ahead log.
const OPEN_ATTEMPTS: u32 = 8;

/// What a pool's connections may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    /// To read, with statements that take long: never to run on a thread that serves others.
    LongRead,
    ReadWrite,
}

pub(crate) fn pool(target: &Target, access: Access, size: usize) -> Result<Pool<DbConnection>, DbError> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    // A socket belongs to the runtime that opened it. Opening all of them here, on the long-lived runtime that
    // `connect` was called on, keeps a connection from dying with the actix worker that first needed it.
    let runtime = tokio::runtime::Handle::current();
    let opened = target.clone();
    config.custom_setup = Box::new(move |_| {
        let (runtime, target) = (runtime.clone(), opened.clone());
        async move {
            let opening = runtime.spawn(async move { open(&target, access).await });
            opening.await.map_err(|e| ConnectionError::BadConnection(e.to_string()))?
        }
        .boxed()
    });
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
        .max_size(size)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(OPEN))
        .recycle_timeout(Some(OPEN))
        .pre_recycle(Hook::async_fn(|connection: &mut DbConnection, metrics| {
            async move {
                let DbConnection { inner: Inner::Mysql(_), .. } = connection else { return Ok(()) };
                if metrics.last_used() < IDLE {
                    return Ok(());
                }
                connection.batch_execute("DO 1").await.map_err(|e| HookError::Backend(PoolError::QueryError(e)))
            }
            .boxed()
        }))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|e| DbError::Config { setting: "pool_size", reason: e.to_string() })
}

pub(crate) async fn open(target: &Target, access: Access) -> ConnectionResult<DbConnection> {
    match target {
        Target::Mysql { url } => open_mysql(url).await,
        Target::Sqlite { path, synchronous } => open_sqlite(path, *synchronous, access).await,
    }
}

pub(crate) async fn open_url(url: &str) -> ConnectionResult<DbConnection> {
    let target = Target::parse("url", url).map_err(|e| ConnectionError::InvalidConnectionUrl(e.to_string()))?;
    open(&target, Access::ReadWrite).await
}

async fn open_mysql(url: &str) -> ConnectionResult<DbConnection> {
    // `establish` also asks for found rather than changed rows, without which an UPDATE to the same value would
    // count nothing and look like a lost version check.
    let mut connection = AsyncMysqlConnection::establish(url).await?;
    connection
        .batch_execute(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
             ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY'; \
             SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION innodb_lock_wait_timeout = 10",
        )
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(DbConnection::new(Inner::Mysql(connection)))
}

async fn open_sqlite(path: &Path, synchronous: Synchronous, access: Access) -> ConnectionResult<DbConnection> {
    let path = path.to_str().ok_or_else(|| ConnectionError::BadConnection("the path is not UTF-8".to_owned()))?;
    let executor = match access {
        Access::LongRead => StatementExecutor::BlockingPool(tokio::runtime::Handle::current()),
        Access::ReadOnly | Access::ReadWrite => StatementExecutor::Inline,
    };
    let mut connection = Sqlite3::with_runtime(SqliteConnection::establish(path)?, executor);
    // The writer's cache (in KiB) holds what payments touch; a checkpoint every 16 MiB of log costs less than one every
    // 4; and savepoints keep their journal in memory.
    let (query_only, cache) = if access == Access::ReadWrite { ("OFF", -16_384) } else { ("ON", -2_048) };
    let settings = format!(
        "{WAIT_FOR_LOCKS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON; \
         PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON; PRAGMA query_only = {query_only}; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = {cache}; PRAGMA wal_autocheckpoint = 4000;",
        synchronous.word(),
    );
    let mut attempt = 0;
    loop {
        match connection.batch_execute(&settings).await {
            Ok(()) => return Ok(DbConnection::new(Inner::Sqlite(connection))),
            // Switching to a write-ahead log fails at once, without the busy timeout, while another process does it.
            Err(error) if attempt < OPEN_ATTEMPTS && is_retryable(&error) => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(20) * attempt).await;
            }
            Err(error) => return Err(ConnectionError::CouldntSetupConfiguration(error)),
        }
    }
}
