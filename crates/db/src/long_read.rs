//! Reads that take long: verifications, exports, statements. They have a few connections of their own, so that however
//! many are asked for, ordinary requests find theirs free.

use crate::connection::DbConnection;
use crate::error::DbError;
use crate::pool::PooledConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Long reads at the same time, and connections for them.
pub(crate) const LONG_READS: usize = 2;

/// The connections for long reads, and how many of the turns are free.
#[derive(Clone)]
pub(crate) struct LongReads {
    pool: Pool<DbConnection>,
    turns: Arc<Semaphore>,
}

impl LongReads {
    pub(crate) fn new(pool: Pool<DbConnection>) -> Self {
        Self { pool, turns: Arc::new(Semaphore::new(LONG_READS)) }
    }

    pub(crate) async fn begin(&self, wait: Duration) -> Option<LongRead> {
        let turn = tokio::time::timeout(wait, Arc::clone(&self.turns).acquire_owned()).await.ok()?.ok()?;
        Some(LongRead { pool: self.pool.clone(), _turn: turn })
    }
}

/// A turn to read for long; it ends when dropped. Made by [`Db::long_read`](crate::Db::long_read).
pub struct LongRead {
    pool: Pool<DbConnection>,
    _turn: OwnedSemaphorePermit,
}

impl LongRead {
    /// A connection for the next part. On SQLite it cannot write, and its statements run on the blocking threads,
    /// so that none of them keeps a server's thread.
    ///
    /// Read a bounded page and give it back before anything else is awaited: a snapshot that stays open keeps the
    /// database from cleaning up. With a replica configured it is the replica's, and may lag.
    pub async fn connection(&self) -> Result<PooledConnection, DbError> {
        Ok(self.pool.get().await?)
    }
}
