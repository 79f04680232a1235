//! A shared store for what may be lost: revocations, short-lived answers.
//!
//! Files: [`memory`] (one process), [`redis`] (all of them).

pub mod memory;
pub mod redis;

pub use memory::MemoryCache;
pub use redis::RedisCache;

use crate::config::ConfigError;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, thiserror::Error)]
#[error("the cache is not available: {0}")]
pub struct CacheDown(pub String);

/// Redis in production, this process's memory in the embedded run.
///
/// All services share one cache, so that a revocation by one is seen by all. A key that is a service's own
/// begins with the service's name.
#[async_trait::async_trait]
pub trait Cache: Send + Sync + 'static {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown>;
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown>;
    async fn ping(&self) -> Result<(), CacheDown>;
}

/// The cache that `CACHE_URL` names: `memory://`, `redis://…` or `rediss://…`.
///
/// Nothing is connected yet: a Redis that is away is seen by [`Cache::ping`], not here. `namespace` goes before
/// every key, and is the same for all services of one installation.
pub fn connect(url: &str, namespace: &str) -> Result<Arc<dyn Cache>, ConfigError> {
    if url.starts_with("memory:") {
        return Ok(Arc::new(MemoryCache::new()));
    }
    if url.starts_with("redis://") || url.starts_with("rediss://") {
        return Ok(Arc::new(RedisCache::connect(url, namespace)?));
    }
    Err(ConfigError::new("CACHE_URL", "must begin with memory://, redis:// or rediss://"))
}
