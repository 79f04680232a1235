//! One attempt of a transaction: alone on a connection, or as a member of a group.
//!
//! Nothing here depends on what the transaction does, so it is compiled once.

use crate::connection::DbConnection;
use crate::error::{DbError, is_connection_lost};
use crate::group_commit::{GroupCommit, Member};
use crate::pool::PooledConnection;
use crate::transaction::{DbTransactionManager, TransactionOutcome};
use diesel_async::TransactionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use futures_util::future::BoxFuture;

/// A begun transaction. Dropping it rolls back.
pub(crate) enum Attempt {
    Own(PooledConnection),
    Member(Box<Member>),
}

/// Why no transaction was begun.
pub(crate) struct NotBegun {
    pub(crate) error: DbError,
    /// The connection was lost. No statement has run, so it is safe to begin again.
    pub(crate) is_lost: bool,
}

impl Attempt {
    /// Begins a transaction: as a member where there are groups. With `alone`, no other transaction shares its commit.
    pub(crate) fn begin<'a>(
        pool: &'a Pool<DbConnection>,
        groups: Option<&'a GroupCommit>,
        alone: bool,
    ) -> BoxFuture<'a, Result<Self, NotBegun>> {
        let not_begun = |error| NotBegun { error, is_lost: false };
        Box::pin(async move {
            if let Some(groups) = groups {
                return Ok(Self::Member(Box::new(groups.begin(alone).await.map_err(not_begun)?)));
            }
            let mut connection = pool.get().await.map_err(|error| not_begun(error.into()))?;
            match DbTransactionManager::begin_transaction(&mut *connection).await {
                Ok(()) => {
                    connection.notify = false;
                    connection.changed.clear();
                    Ok(Self::Own(connection))
                }
                Err(error) => Err(NotBegun { is_lost: is_connection_lost(&error), error: DbError::Query(error) }),
            }
        })
    }

    pub(crate) fn connection(&mut self) -> &mut DbConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Member(member) => member.connection(),
        }
    }

    pub(crate) fn commit(self) -> BoxFuture<'static, TransactionOutcome> {
        Box::pin(async move {
            match self {
                Self::Own(mut connection) => match DbTransactionManager::commit_transaction(&mut *connection).await {
                    Ok(()) => TransactionOutcome::Done,
                    Err(error) => TransactionOutcome::Failed(DbError::Query(error)),
                },
                Self::Member(member) => member.commit().await,
            }
        })
    }

    pub(crate) fn roll_back(self) -> BoxFuture<'static, TransactionOutcome> {
        Box::pin(async move {
            match self {
                Self::Own(mut connection) => {
                    // The transaction's own error is reported. When the rollback fails too, the pool finds the
                    // transaction open and closes the connection, which rolls back.
                    if let Err(rollback) = DbTransactionManager::rollback_transaction(&mut *connection).await {
                        tracing::debug!(%rollback, "rollback failed; connection discarded");
                    }
                    TransactionOutcome::Done
                }
                Self::Member(member) => member.roll_back().await,
            }
        })
    }
}
