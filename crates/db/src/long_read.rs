//! Long reads: verifications, exports, statements. They have their own connections, so they never take those of
//! ordinary requests.

use crate::error::DbError;
use crate::pool::PooledConnection;
use crate::replica::ReplicaPool;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum number of concurrent long reads, and of their connections.
pub(crate) const MAX_LONG_READS: usize = 2;

/// Connections for long reads, and the free permits.
#[derive(Clone)]
pub(crate) struct LongReads {
    pool: ReplicaPool,
    permits: Arc<Semaphore>,
}

impl LongReads {
    pub(crate) fn new(pool: ReplicaPool) -> Self {
        Self { pool, permits: Arc::new(Semaphore::new(MAX_LONG_READS)) }
    }

    pub(crate) async fn begin(&self, wait: Duration) -> Option<LongRead> {
        let permit = tokio::time::timeout(wait, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()?;
        Some(LongRead { pool: self.pool.clone(), _permit: permit })
    }
}

/// Permit for a long read, released when dropped. Made by [`Db::long_read`](crate::Db::long_read).
pub struct LongRead {
    pool: ReplicaPool,
    _permit: OwnedSemaphorePermit,
}

impl LongRead {
    /// A connection for the next page, to the replica, if one is configured and reachable. On SQLite it cannot write, and its statements run
    /// on the blocking thread pool, so they do not occupy a server thread.
    ///
    /// Read a bounded page and drop the connection before awaiting anything else: an open snapshot prevents the
    /// database from purging old row versions.
    pub fn connection(&self) -> BoxFuture<'_, Result<PooledConnection, DbError>> {
        Box::pin(async move { self.pool.get().await })
    }
}
