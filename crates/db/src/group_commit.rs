//! Group commit for SQLite.
//!
//! A commit waits for the disk and only one connection writes, so transactions that wait for the connection at the same
//! time share one commit. Each holds the connection's lock in the order in which it asked. The first of a group begins
//! the database transaction; each later one runs inside a savepoint of it. A finished member queues for the lock again,
//! behind the waiting ones, and commits for the whole group unless another member has done so. A single transaction
//! therefore commits at once.
//!
//! No member returns before the commit. When the commit fails, a member is dropped while it holds the lock, or the
//! connection is lost, the whole group is rolled back and each member runs again, alone.

use crate::connection::DbConnection;
use crate::error::DbError;
use crate::pool::{CONNECTION_WAIT_TIMEOUT, PooledConnection};
use crate::transaction::{DbTransactionManager, TransactionOutcome};
use deadpool::managed::TimeoutType;
use diesel::QueryResult;
use diesel_async::TransactionManager;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Maximum number of members of a group; it bounds the wait of the first one.
const MAX_MEMBERS: usize = 64;

/// The open group, if any. The holder of its lock runs on the connection.
#[derive(Clone)]
pub(crate) struct GroupCommit {
    open: Arc<Mutex<Option<Group>>>,
    pool: Pool<DbConnection>,
    runtime: Handle,
}

/// A database transaction with the work of its members.
struct Group {
    connection: PooledConnection,
    /// Finished members that wait for the commit.
    members: Vec<oneshot::Sender<QueryResult<()>>>,
}

/// A running member of a group. Dropping it before [`Member::finish`] rolls back the whole group.
pub(crate) struct Member {
    commits: GroupCommit,
    open: OwnedMutexGuard<Option<Group>>,
    group: Group,
}

impl GroupCommit {
    pub(crate) fn new(pool: Pool<DbConnection>) -> Self {
        Self { open: Arc::default(), pool, runtime: Handle::current() }
    }

    /// Waits for the lock and begins a member. With `alone`, no other transaction shares its commit. Errors when the
    /// wait times out or the connection fails.
    pub(crate) async fn begin(&self, alone: bool) -> Result<Member, DbError> {
        let waiting = tokio::time::timeout(CONNECTION_WAIT_TIMEOUT, Arc::clone(&self.open).lock_owned());
        let mut open = waiting.await.map_err(|_| PoolError::Timeout(TimeoutType::Wait))?;
        if alone {
            commit(open.take()).await;
        }
        let mut group = match open.take() {
            Some(group) => group,
            None => Group { connection: self.pool.get().await?, members: Vec::new() },
        };
        let connection: &mut DbConnection = &mut group.connection;
        // A savepoint, where the group was open.
        DbTransactionManager::begin_transaction(connection).await?;
        connection.notify = false;
        connection.changed.clear();
        connection.commits_alone = alone;
        connection.is_shared = !group.members.is_empty();
        Ok(Member { commits: self.clone(), open, group })
    }

    /// Commits the open group, if any.
    async fn close(self) {
        let mut open = self.open.lock_owned().await;
        commit(open.take()).await;
    }
}

impl Member {
    pub(crate) fn connection(&mut self) -> &mut DbConnection {
        &mut self.group.connection
    }

    /// Rolls back this member's own work and releases the lock. It may have read uncommitted rows of other members, so
    /// it waits for their commit.
    pub(crate) async fn roll_back(mut self) -> TransactionOutcome {
        let connection: &mut DbConnection = &mut self.group.connection;
        let undone = DbTransactionManager::rollback_transaction(connection).await;
        if let Err(error) = &undone {
            tracing::debug!(%error, "rollback failed; connection discarded");
            connection.discard();
        }
        match (undone, connection.is_shared) {
            (Ok(()), true) => self.finish().await,
            (Err(_), true) => TransactionOutcome::RolledBack,
            (Ok(()) | Err(_), false) => TransactionOutcome::Done,
        }
    }

    /// Releases the lock and waits for the commit of this member's work.
    pub(crate) async fn commit(mut self) -> TransactionOutcome {
        let connection: &mut DbConnection = &mut self.group.connection;
        if connection.is_shared
            && let Err(error) = DbTransactionManager::commit_transaction(connection).await
        {
            connection.discard();
            return TransactionOutcome::Failed(DbError::Query(error));
        }
        self.finish().await
    }

    async fn finish(self) -> TransactionOutcome {
        let Self { commits, mut open, mut group } = self;
        let alone = group.connection.commits_alone;
        let (sender, mut receiver) = oneshot::channel();
        group.members.push(sender);
        if alone || group.members.len() >= MAX_MEMBERS {
            commit(Some(group)).await;
            return outcome_of(receiver.await);
        }
        *open = Some(group);
        drop(open);
        // A dropped member would leave the others without a commit.
        let mut unfinished = CloseOnDrop(Some(commits.clone()));
        tokio::select! {
            biased;
            outcome = &mut receiver => {
                unfinished.0 = None;
                return outcome_of(outcome);
            }
            () = commits.close() => unfinished.0 = None,
        }
        outcome_of(receiver.await)
    }
}

fn outcome_of(received: Result<QueryResult<()>, oneshot::error::RecvError>) -> TransactionOutcome {
    match received {
        Ok(Ok(())) => TransactionOutcome::Done,
        Ok(Err(error)) => TransactionOutcome::Failed(DbError::Query(error)),
        Err(_) => TransactionOutcome::RolledBack,
    }
}

/// Commits a group and sends the result to its members. A failed commit sends its error only to a member that was
/// alone; several members receive no result and run again.
async fn commit(group: Option<Group>) {
    let Some(Group { mut connection, members }) = group else { return };
    match DbTransactionManager::commit_transaction(&mut *connection).await {
        Ok(()) => {
            drop(connection);
            for member in members {
                let _ = member.send(Ok(()));
            }
        }
        Err(error) => {
            // Closing the connection rolls back.
            connection.discard();
            drop(connection);
            let mut members = members.into_iter();
            if let (Some(only), None) = (members.next(), members.next()) {
                let _ = only.send(Err(error));
            }
        }
    }
}

/// Guard that commits the open group when the member that waits for it is dropped.
struct CloseOnDrop(Option<GroupCommit>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(commits) = self.0.take() {
            let runtime = commits.runtime.clone();
            runtime.spawn(commits.close());
        }
    }
}
