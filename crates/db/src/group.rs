//! Group commit for SQLite, where each commit waits for the disk and only one connection writes: transactions that
//! wait for the connection at the same time share one commit.
//!
//! Each transaction has its turn in the order in which it asked. The first of a group begins the transaction of the
//! database, each later one runs inside a savepoint of it. Whoever has finished its turn asks for another one, behind
//! those who wait already, and commits for the whole group if nobody has by then. So a transaction that is alone
//! commits at once, and none waits for others to come.
//!
//! Nobody is answered before the commit. Where it fails, where a member was abandoned in the middle of its turn, and
//! where the connection is lost, the whole group is rolled back, and each of its members runs again, alone.

use crate::connection::DbConnection;
use crate::error::DbError;
use crate::pool::{PooledConnection, WAIT};
use crate::transaction::DbTransactionManager;
use deadpool::managed::TimeoutType;
use diesel::QueryResult;
use diesel_async::TransactionManager;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Most members of a group: bounds how long the first of them waits.
const MEMBERS: usize = 64;

/// The group that is open, if any. Whoever holds the lock has the turn.
#[derive(Clone)]
pub(crate) struct GroupCommit {
    open: Arc<Mutex<Option<Group>>>,
    pool: Pool<DbConnection>,
    runtime: Handle,
}

/// A transaction of the database that holds the work of its members.
struct Group {
    connection: PooledConnection,
    /// Those that have finished their turn and wait for the commit.
    members: Vec<oneshot::Sender<QueryResult<()>>>,
}

/// What became of a transaction's group.
pub(crate) enum Ended {
    Committed,
    Failed(DbError),
    /// It was rolled back for what another member did.
    RolledBack,
}

/// The turn of one transaction. Dropped before [`Turn::finish`], it takes the whole group with it.
pub(crate) struct Turn {
    commits: GroupCommit,
    turn: OwnedMutexGuard<Option<Group>>,
    group: Group,
}

impl GroupCommit {
    pub(crate) fn new(pool: Pool<DbConnection>) -> Self {
        Self { open: Arc::default(), pool, runtime: Handle::current() }
    }

    /// Waits for a turn, and begins in it. Of those that are `alone` no other transaction shares the commit.
    pub(crate) async fn begin(&self, alone: bool) -> Result<Turn, DbError> {
        let waiting = tokio::time::timeout(WAIT, Arc::clone(&self.open).lock_owned());
        let mut turn = waiting.await.map_err(|_| PoolError::Timeout(TimeoutType::Wait))?;
        if alone {
            commit(turn.take()).await;
        }
        let mut group = match turn.take() {
            Some(group) => group,
            None => Group { connection: self.pool.get().await?, members: Vec::new() },
        };
        let connection: &mut DbConnection = &mut group.connection;
        // A savepoint, where the group is open.
        DbTransactionManager::begin_transaction(connection).await?;
        connection.signal = false;
        connection.commits_alone = alone;
        connection.is_shared = !group.members.is_empty();
        Ok(Turn { commits: self.clone(), turn, group })
    }

    /// Commits the group that is open, if any.
    async fn close(self) {
        let mut turn = self.open.lock_owned().await;
        commit(turn.take()).await;
    }
}

impl Turn {
    pub(crate) fn connection(&mut self) -> &mut DbConnection {
        &mut self.group.connection
    }

    /// Undoes this transaction's own work and ends the turn. What it has read may be the work of others, so its answer
    /// holds only once theirs is committed.
    pub(crate) async fn roll_back(mut self) -> Ended {
        let connection: &mut DbConnection = &mut self.group.connection;
        let undone = DbTransactionManager::rollback_transaction(connection).await;
        if let Err(error) = &undone {
            tracing::debug!(%error, "rollback failed; the connection is thrown away");
            connection.throw_away();
        }
        match (undone, connection.is_shared) {
            (Ok(()), true) => self.finish().await,
            (Err(_), true) => Ended::RolledBack,
            (Ok(()) | Err(_), false) => Ended::Committed,
        }
    }

    /// Ends the turn after work that has to be committed.
    pub(crate) async fn commit(mut self) -> Ended {
        let connection: &mut DbConnection = &mut self.group.connection;
        if connection.is_shared
            && let Err(error) = DbTransactionManager::commit_transaction(connection).await
        {
            connection.throw_away();
            return Ended::Failed(DbError::Query(error));
        }
        self.finish().await
    }

    async fn finish(self) -> Ended {
        let Self { commits, mut turn, mut group } = self;
        let alone = group.connection.commits_alone;
        let (sender, mut receiver) = oneshot::channel();
        group.members.push(sender);
        if alone || group.members.len() >= MEMBERS {
            commit(Some(group)).await;
            return ended(receiver.await);
        }
        *turn = Some(group);
        drop(turn);
        // An abandoned member would leave the others without a commit.
        let mut unfinished = CloseOnDrop(Some(commits.clone()));
        tokio::select! {
            biased;
            outcome = &mut receiver => {
                unfinished.0 = None;
                return ended(outcome);
            }
            () = commits.close() => unfinished.0 = None,
        }
        ended(receiver.await)
    }
}

fn ended(outcome: Result<QueryResult<()>, oneshot::error::RecvError>) -> Ended {
    match outcome {
        Ok(Ok(())) => Ended::Committed,
        Ok(Err(error)) => Ended::Failed(DbError::Query(error)),
        Err(_) => Ended::RolledBack,
    }
}

/// Commits a group and answers its members. Only a member that was alone learns why it failed: the others run again.
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
            // Whatever state it is in: closing it rolls back.
            connection.throw_away();
            drop(connection);
            let mut members = members.into_iter();
            if let (Some(only), None) = (members.next(), members.next()) {
                let _ = only.send(Err(error));
            }
        }
    }
}

/// Sees to it that the open group is committed although a member that would have done so is dropped.
struct CloseOnDrop(Option<GroupCommit>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(commits) = self.0.take() {
            let runtime = commits.runtime.clone();
            runtime.spawn(commits.close());
        }
    }
}
