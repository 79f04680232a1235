//! Connections for reads that may lag: to the replica, or to the primary while the replica cannot be reached.

use crate::connection::DbConnection;
use crate::error::DbError;
use crate::pool::PooledConnection;
use deadpool::managed::TimeoutType;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the primary is used before the replica is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A pool on the replica, if one is configured, and the pool on the primary that stands in for it.
#[derive(Clone)]
pub(crate) struct ReplicaPool {
    primary: Pool<DbConnection>,
    replica: Option<Replica>,
}

#[derive(Clone)]
struct Replica {
    pool: Pool<DbConnection>,
    down_until: Arc<Mutex<Option<Instant>>>,
}

impl ReplicaPool {
    pub(crate) fn new(primary: Pool<DbConnection>, replica: Option<Pool<DbConnection>>) -> Self {
        let replica = replica.map(|pool| Replica { pool, down_until: Arc::default() });
        Self { primary, replica }
    }

    /// The pool of the replica, if one is configured.
    pub(crate) fn of_replica(&self) -> Option<&Pool<DbConnection>> {
        self.replica.as_ref().map(|replica| &replica.pool)
    }

    /// A connection to the replica; to the primary when there is none or it cannot be reached.
    pub(crate) async fn get(&self) -> Result<PooledConnection, DbError> {
        if let Some(replica) = self.replica.as_ref().filter(|replica| !replica.is_down()) {
            match replica.pool.get().await {
                Ok(connection) => return Ok(connection),
                Err(error) if is_unreachable(&error) => replica.record_down(&error),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.primary.get().await?)
    }
}

impl Replica {
    fn is_down(&self) -> bool {
        self.down_until.lock().is_some_and(|until| Instant::now() < until)
    }

    fn record_down(&self, error: &PoolError) {
        let previous = self.down_until.lock().replace(Instant::now() + RETRY_AFTER);
        metrics::counter!("db_replica_failures_total").increment(1);
        if previous.is_none() {
            tracing::warn!(%error, "replica unreachable; the primary serves its reads");
        }
    }
}

/// Whether no connection could be opened. A pool whose connections are all in use is not unreachable.
const fn is_unreachable(error: &PoolError) -> bool {
    matches!(error, PoolError::Backend(_) | PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle))
}
