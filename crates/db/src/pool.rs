//! Connection pools.

use crate::config::Target;
use crate::connection::{DbConnection, Inner};
use crate::error::DbError;
use crate::open::{Access, open};
use diesel::ConnectionError;
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod};
use futures_util::FutureExt;
use std::time::Duration;

/// A connection taken from a pool; dropping it returns it.
pub type PooledConnection = Object<DbConnection>;

/// Maximum wait for a free connection.
pub(crate) const CONNECTION_WAIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time to open or check a connection.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Idle time after which a MySQL connection is checked before reuse.
const IDLE_CHECK_AFTER: Duration = Duration::from_secs(5);

/// Connections of a pool now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// `write`, `read` or `replica`.
    pub pool: &'static str,
    pub in_use: usize,
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

impl PoolUse {
    pub(crate) fn read(pool: &'static str, connections: &Pool<DbConnection>) -> Self {
        let status = connections.status();
        let in_use = status.size.saturating_sub(status.available);
        Self { pool, in_use, idle: status.available, waiting: status.waiting }
    }
}

/// Creates a pool of at most `size` connections; they are opened on demand, and a MySQL connection is replaced when it
/// has reached `max_age`.
pub(crate) fn pool(
    target: &Target,
    access: Access,
    size: usize,
    max_age: Duration,
) -> Result<Pool<DbConnection>, DbError> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    // A socket belongs to the runtime that opened it. All connections are opened on the long-lived runtime that called
    // `connect`, so none of them closes with the actix worker that first used it.
    let runtime = tokio::runtime::Handle::current();
    let pool_target = target.clone();
    config.custom_setup = Box::new(move |_| {
        let (runtime, target) = (runtime.clone(), pool_target.clone());
        async move {
            let opening = runtime.spawn(async move { open(&target, access).await });
            opening.await.map_err(|e| ConnectionError::BadConnection(e.to_string()))?
        }
        .boxed()
    });
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
        .max_size(size)
        .wait_timeout(Some(CONNECTION_WAIT_TIMEOUT))
        .create_timeout(Some(OPEN_TIMEOUT))
        .recycle_timeout(Some(OPEN_TIMEOUT))
        .pre_recycle(Hook::async_fn(move |connection: &mut DbConnection, metrics| {
            async move {
                let DbConnection { inner: Inner::Mysql(_), .. } = connection else { return Ok(()) };
                if metrics.age() >= max_age {
                    return Err(HookError::message("the connection is old"));
                }
                if metrics.last_used() < IDLE_CHECK_AFTER {
                    return Ok(());
                }
                connection.batch_execute("DO 1").await.map_err(|e| HookError::Backend(PoolError::QueryError(e)))
            }
            .boxed()
        }))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|e| DbError::Config { setting: "pool_size", reason: e.to_string() })
}
