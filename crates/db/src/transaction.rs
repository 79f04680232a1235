//! Begin, commit and roll back on either database.

use crate::connection::{DbConnection, Guarded, Inner, Sqlite3};
use crate::mysql;
use diesel::QueryResult;
use diesel::connection::TransactionManagerStatus;
use diesel_async::{AnsiTransactionManager, AsyncConnection, TransactionManager};
use futures_util::FutureExt;
use std::sync::Arc;

/// Keeps count of a connection's transaction and savepoints.
pub struct DbTransactionManager;

type SqliteManager = <Sqlite3 as AsyncConnection>::TransactionManager;

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
                // The write lock comes first: taking it at the first write fails when somebody else wrote
                // since the first read, and waiting does not help then.
                let begin = c.spawn_blocking(|c| {
                    diesel::connection::AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
                });
                Guarded::new(begin, condition).await
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
