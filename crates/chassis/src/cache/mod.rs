//! A shared store for what may be lost: revocations, one-time codes, counters of limits.
//!
//! Files: [`memory`] (one process), [`redis`] (all of them).
//!
//! Every call is atomic, whatever runs beside it, and every entry expires by itself.

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
    /// `false` where the key is there already; then nothing changes.
    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown>;
    async fn delete(&self, key: &str) -> Result<(), CacheDown>;
    /// Deletes the key if it has this value: nobody releases another's claim. `false` where it has not.
    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown>;
    /// Adds one to a counter and returns the sum. A new counter expires after `ttl`.
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown>;
    /// A counter's value; 0 where there is none.
    async fn count(&self, key: &str) -> Result<u64, CacheDown>;
    /// Counts one use against every limit, or against none of them where one is reached.
    async fn acquire(&self, limits: &[Limit]) -> Result<Acquired, CacheDown>;
    /// Takes one use back from each counter that is still there. What was acquired by mistake counts for nothing.
    async fn give_back(&self, limits: &[Limit]) -> Result<(), CacheDown>;
    /// Appends to a list, which expires `ttl` after the last append. Returns what the list had beyond `max`, oldest
    /// first, and no longer has.
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown>;
    /// A list, oldest first.
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown>;
    async fn ping(&self) -> Result<(), CacheDown>;
}

/// So many uses in a window that begins with the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The key of the counter.
    pub key: String,
    pub max: u64,
    pub window: Duration,
}

/// What an attempt to use several limits comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquired {
    Granted,
    /// The limit at `index` is reached. Of several, it is the one whose window lasts longest.
    Refused {
        index: usize,
        retry_after: Duration,
    },
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
