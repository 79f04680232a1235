//! Begin, commit and roll back on either database.

use crate::connection::{Condition, DbConnection, Guarded, Inner, Sqlite3};
use crate::error::is_retryable;
use crate::mysql;
use diesel::QueryResult;
use diesel::connection::{SimpleConnection, TransactionManagerStatus};
use diesel_async::{AnsiTransactionManager, AsyncConnection, TransactionManager};
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for SQLite's write lock while another process holds it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_FIRST_PAUSE: Duration = Duration::from_millis(1);
const BUSY_LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Has SQLite itself wait for a lock, blocking its thread.
pub(crate) const WAIT_FOR_LOCKS: &str = "PRAGMA busy_timeout = 5000";
const REFUSE_LOCKED: &str = "PRAGMA busy_timeout = 0";

/// Keeps count of a connection's transaction and savepoints.
pub struct DbTransactionManager;

type SqliteManager = <Sqlite3 as AsyncConnection>::TransactionManager;

/// Begins a transaction of SQLite with the write lock: taking it at the first write fails when another connection
/// wrote since the first read, and waiting does not help then.
///
/// Another process may hold the lock. SQLite's own wait would block the thread, so this one sleeps between tries.
async fn begin_immediate(conn: &mut Sqlite3, condition: Arc<Condition>) -> QueryResult<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    let mut pause = BUSY_FIRST_PAUSE;
    loop {
        let begin = conn.spawn_blocking(|c| {
            c.batch_execute(REFUSE_LOCKED)?;
            let begun = diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE");
            c.batch_execute(WAIT_FOR_LOCKS)?;
            begun
        });
        match Guarded::new(begin, Arc::clone(&condition)).await {
            Err(error) if is_retryable(&error) && Instant::now() < deadline => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(BUSY_LONGEST_PAUSE);
            }
            begun => return begun,
        }
    }
}

impl TransactionManager<DbConnection> for DbTransactionManager {
    type TransactionStateData = DbConnection;

    async fn begin_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let condition = Arc::clone(&conn.condition);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::begin_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), condition).await
            }
            Inner::Sqlite(c) => {
                let status = <SqliteManager as TransactionManager<Sqlite3>>::transaction_manager_status_mut(c);
                if status.transaction_depth()?.is_some() {
                    return Guarded::new(SqliteManager::begin_transaction(c).boxed(), condition).await;
                }
                begin_immediate(c, condition).await
            }
        }
    }

    async fn rollback_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let condition = Arc::clone(&conn.condition);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::rollback_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), condition).await
            }
            Inner::Sqlite(c) => Guarded::new(SqliteManager::rollback_transaction(c).boxed(), condition).await,
        }
    }

    async fn commit_transaction(conn: &mut DbConnection) -> QueryResult<()> {
        let condition = Arc::clone(&conn.condition);
        match &mut conn.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = AnsiTransactionManager::commit_transaction(c).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), condition).await
            }
            Inner::Sqlite(c) => Guarded::new(SqliteManager::commit_transaction(c).boxed(), condition).await,
        }
    }

    fn transaction_manager_status_mut(conn: &mut DbConnection) -> &mut TransactionManagerStatus {
        match &mut conn.inner {
            Inner::Mysql(c) => AnsiTransactionManager::transaction_manager_status_mut(c),
            Inner::Sqlite(c) => SqliteManager::transaction_manager_status_mut(c),
        }
    }

    fn is_broken_transaction_manager(conn: &mut DbConnection) -> bool {
        if conn.condition.is_unusable() {
            return true;
        }
        match &mut conn.inner {
            Inner::Mysql(c) => AnsiTransactionManager::is_broken_transaction_manager(c),
            Inner::Sqlite(c) => SqliteManager::is_broken_transaction_manager(c),
        }
    }
}
