//! Begin, commit and rollback on both databases.

use crate::connection::{ConnectionState, DbConnection, Guarded, Inner};
use crate::error::{DbError, is_retryable};
use crate::mysql;
use crate::sqlite::SqliteWrapper;
use diesel::QueryResult;
use diesel::connection::{SimpleConnection, TransactionManagerStatus};
use diesel_async::{AnsiTransactionManager, AsyncConnection, TransactionManager};
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum wait for SQLite's write lock while another process holds it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Delay before the first retry; it doubles up to [`BUSY_MAX_DELAY`].
const BUSY_FIRST_DELAY: Duration = Duration::from_millis(1);
const BUSY_MAX_DELAY: Duration = Duration::from_millis(50);

/// Makes SQLite wait for a lock, blocking the thread.
pub(crate) const WAIT_FOR_LOCKS: &str = "PRAGMA busy_timeout = 5000";
/// Makes SQLite fail at once when a lock is taken.
const FAIL_WHEN_LOCKED: &str = "PRAGMA busy_timeout = 0";

/// How a transaction ended.
pub(crate) enum TransactionOutcome {
    /// As asked: committed, or rolled back.
    Done,
    Failed(DbError),
    /// Another member caused a rollback of the group.
    RolledBack,
}

/// Transaction manager of [`DbConnection`]: tracks the transaction and its savepoints.
pub struct DbTransactionManager;

type SqliteManager = <SqliteWrapper as AsyncConnection>::TransactionManager;

/// Begins an SQLite transaction with the write lock. Taking the lock at the first write would fail when another
/// connection wrote after the first read, and a retry of the statement could not succeed.
///
/// Another process may hold the lock. SQLite's own wait would block the thread, so this function sleeps between
/// attempts.
async fn begin_immediate(conn: &mut SqliteWrapper, state: Arc<ConnectionState>) -> QueryResult<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    let mut delay = BUSY_FIRST_DELAY;
    loop {
        let begin = conn.spawn_blocking(|c| {
            c.batch_execute(FAIL_WHEN_LOCKED)?;
            let begun = diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE");
            c.batch_execute(WAIT_FOR_LOCKS)?;
            begun
        });
        match Guarded::new(begin, Arc::clone(&state)).await {
            Err(error) if is_retryable(&error) && Instant::now() < deadline => {
                tokio::time::sleep(delay).await;
                delay = delay.saturating_mul(2).min(BUSY_MAX_DELAY);
            }
            begun => return begun,
        }
    }
}

impl TransactionManager<DbConnection> for DbTransactionManager {
    type TransactionStateData = DbConnection;

    async fn begin_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let state = Arc::clone(&conn.state);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::begin_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), state).await
            }
            Inner::Sqlite(c) => {
                let status = <SqliteManager as TransactionManager<SqliteWrapper>>::transaction_manager_status_mut(c);
                if status.transaction_depth()?.is_some() {
                    return Guarded::new(SqliteManager::begin_transaction(c).boxed(), state).await;
                }
                begin_immediate(c, state).await
            }
        }
    }

    async fn rollback_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let state = Arc::clone(&conn.state);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::rollback_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), state).await
            }
            Inner::Sqlite(c) => Guarded::new(SqliteManager::rollback_transaction(c).boxed(), state).await,
        }
    }

    async fn commit_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let state = Arc::clone(&conn.state);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::commit_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), state).await
            }
            Inner::Sqlite(c) => Guarded::new(SqliteManager::commit_transaction(c).boxed(), state).await,
        }
    }

    fn transaction_manager_status_mut(conn: &mut DbConnection) -> &mut TransactionManagerStatus {
        match &mut conn.inner {
            Inner::Mysql(c) => AnsiTransactionManager::transaction_manager_status_mut(c),
            Inner::Sqlite(c) => SqliteManager::transaction_manager_status_mut(c),
        }
    }

    fn is_broken_transaction_manager(conn: &mut DbConnection) -> bool {
        if conn.state.is_unusable() {
            return true;
        }
        match &mut conn.inner {
            Inner::Mysql(c) => AnsiTransactionManager::is_broken_transaction_manager(c),
            Inner::Sqlite(c) => SqliteManager::is_broken_transaction_manager(c),
        }
    }
}
