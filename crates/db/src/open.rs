//! Opening of connections, and their session settings.

use crate::config::{Synchronous, Target};
use crate::connection::{DbConnection, Inner};
use crate::error::is_retryable;
use crate::sqlite::{SqliteWrapper, StatementExecutor};
use crate::transaction::{DbTransactionManager, WAIT_FOR_LOCKS};
use diesel::connection::{CacheSize, Instrumentation};
use diesel::{Connection, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, SimpleAsyncConnection};
use mysql_async::{Conn, Opts, OptsBuilder};
use std::path::Path;
use std::time::Duration;

/// Maximum retries of opening an SQLite file while another process switches it to a write-ahead log.
const MAX_OPEN_RETRIES: u32 = 8;

/// Purpose of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    /// Long-running reads; their statements run on the blocking thread pool.
    LongRead,
    ReadWrite,
}

/// Opens a connection and applies the session settings.
pub(crate) async fn open(target: &Target, access: Access) -> ConnectionResult<DbConnection> {
    match target {
        Target::Mysql { url, ca_file } => open_mysql(url, ca_file.as_deref()).await,
        Target::Sqlite { path, synchronous } => open_sqlite(path, *synchronous, access).await,
    }
}

async fn open_mysql(url: &str, ca_file: Option<&Path>) -> ConnectionResult<DbConnection> {
    let mut connection = establish(url, ca_file).await?;
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

/// Like `AsyncMysqlConnection::establish`, by the way that the URL names even to a server on the same machine, and with
/// more trusted certificates.
async fn establish(url: &str, ca_file: Option<&Path>) -> ConnectionResult<AsyncMysqlConnection> {
    let options = Opts::from_url(url).map_err(|e| ConnectionError::InvalidConnectionUrl(e.to_string()))?;
    let tls = options.ssl_opts().cloned().map(|tls| match ca_file {
        None => tls,
        Some(ca_file) => tls.with_root_certs(vec![ca_file.to_owned().into()]),
    });
    // `AsyncMysqlConnection` has a statement cache of its own. The client flag is that for matched instead of changed
    // rows: without it an UPDATE to the same value counts no row and looks like a failed version check.
    let options = OptsBuilder::from_opts(options).ssl_opts(tls).prefer_socket(false).stmt_cache_size(0);
    let connection = Conn::new(options.client_found_rows(true)).await;
    AsyncMysqlConnection::try_from(connection.map_err(|e| ConnectionError::BadConnection(e.to_string()))?).await
}

async fn open_sqlite(path: &Path, synchronous: Synchronous, access: Access) -> ConnectionResult<DbConnection> {
    let path = path.to_str().ok_or_else(|| ConnectionError::BadConnection("the path is not UTF-8".to_owned()))?;
    let executor = match access {
        Access::LongRead => StatementExecutor::BlockingPool(tokio::runtime::Handle::current()),
        Access::ReadOnly | Access::ReadWrite => StatementExecutor::Inline,
    };
    let mut connection = SqliteWrapper::with_runtime(SqliteConnection::establish(path)?, executor);
    // The writer's cache (in KiB) holds the pages that payments use. A checkpoint every 16 MiB of log costs less than
    // one every 4 MiB. Savepoints keep their journal in memory.
    let (query_only, cache) = if access == Access::ReadWrite { ("OFF", -16_384) } else { ("ON", -2_048) };
    let settings = format!(
        "{WAIT_FOR_LOCKS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON; \
         PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON; PRAGMA query_only = {query_only}; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = {cache}; PRAGMA wal_autocheckpoint = 4000;",
        synchronous.as_str(),
    );
    let mut attempt = 0;
    loop {
        match connection.batch_execute(&settings).await {
            Ok(()) => return Ok(DbConnection::new(Inner::Sqlite(connection))),
            // The switch to a write-ahead log ignores the busy timeout while another process makes the same switch.
            Err(error) if attempt < MAX_OPEN_RETRIES && is_retryable(&error) => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(20) * attempt).await;
            }
            Err(error) => return Err(ConnectionError::CouldntSetupConfiguration(error)),
        }
    }
}

impl AsyncConnection for DbConnection {
    type TransactionManager = DbTransactionManager;

    async fn establish(url: &str) -> ConnectionResult<Self> {
        let target =
            Target::parse("url", url, None).map_err(|e| ConnectionError::InvalidConnectionUrl(e.to_string()))?;
        open(&target, Access::ReadWrite).await
    }
    fn transaction_state(&mut self) -> &mut Self {
        self
    }
    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        match &mut self.inner {
            Inner::Mysql(c) => c.instrumentation(),
            Inner::Sqlite(c) => c.instrumentation(),
        }
    }
    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        match &mut self.inner {
            Inner::Mysql(c) => c.set_instrumentation(instrumentation),
            Inner::Sqlite(c) => c.set_instrumentation(instrumentation),
        }
    }
    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        match &mut self.inner {
            Inner::Mysql(c) => c.set_prepared_statement_cache_size(size),
            Inner::Sqlite(c) => c.set_prepared_statement_cache_size(size),
        }
    }
}

impl PoolableConnection for DbConnection {}
