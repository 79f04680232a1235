//! Cache that all services share, for data that may be lost: revoked sessions, one-time codes, rate limits.
//!
//! Files: [`memory`] (one process), [`redis`] (all of them).
//!
//! Every call is atomic, and every entry expires.

pub mod memory;
pub mod redis;

pub use memory::MemoryCache;
pub use redis::RedisCache;

use crate::config::ConfigError;
use crate::tls::CaFile;
use std::sync::Arc;
use std::time::Duration;

/// The cache cannot be reached.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the cache is not available: {0}")]
pub struct CacheDown(pub String);

/// Redis in production, this process's memory in the embedded run.
///
/// All services share the keys. A key that only one service uses begins with the name of the service.
#[async_trait::async_trait]
pub trait Cache: Send + Sync + 'static {
    /// The value of a key.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown>;
    /// The values of several keys.
    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown>;
    /// Sets a value, which expires after `ttl`.
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown>;
    /// Sets a value unless the key exists. Returns whether it did.
    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown>;
    /// Deletes a key, if it exists.
    async fn delete(&self, key: &str) -> Result<(), CacheDown>;
    /// Deletes a key if it has this value. Returns whether it did.
    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown>;
    /// Increments a counter and returns its value. A new counter expires after `ttl`.
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown>;
    /// The value of a counter; 0 when it does not exist.
    async fn count(&self, key: &str) -> Result<u64, CacheDown>;
    /// Counts one use against every limit, or against none when one of them is reached.
    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown>;
    /// Subtracts one use from each counter that exists, after an [`Cache::acquire`] whose use did not happen.
    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown>;
    /// Appends to a list, which expires `ttl` after the last append. Shortens it to `max` values and returns those
    /// removed, oldest first.
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown>;
    /// The values of a list, oldest first.
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown>;
    /// Sends a message to all current subscriptions of a channel, in every process. It is not stored.
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown>;
    /// Subscribes to a channel: the subscription receives what is published from now on.
    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown>;
    /// Errors while the cache cannot be used.
    async fn ping(&self) -> Result<(), CacheDown>;
}

/// A subscription of a channel.
#[async_trait::async_trait]
pub trait Subscription: Send {
    /// The next message. Errors when messages may have been lost, such as with the connection; the subscription is of
    /// no use then.
    async fn next(&mut self) -> Result<Vec<u8>, CacheDown>;
}

/// A limit of `max` uses within a window that begins with the first use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// The key of the counter.
    pub key: String,
    pub max: u64,
    pub window: Duration,
}

/// Outcome of [`Cache::acquire`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquired {
    Granted,
    /// The limit at `index` is reached; of several, the one whose window ends last.
    Refused {
        index: usize,
        retry_after: Duration,
    },
}

/// The cache that `CACHE_URL` names: `memory://`, `redis://…` or `rediss://…`.
///
/// Does not connect: an unreachable Redis is reported by [`Cache::ping`]. `namespace` is the prefix of every key, the
/// same for all services of one installation.
pub fn connect(url: &str, namespace: &str, ca: Option<&CaFile>) -> Result<Arc<dyn Cache>, ConfigError> {
    if url.starts_with("memory:") {
        return Ok(Arc::new(MemoryCache::new()));
    }
    if url.starts_with("redis://") || url.starts_with("rediss://") {
        return Ok(Arc::new(RedisCache::connect(url, namespace, ca)?));
    }
    Err(ConfigError::new("CACHE_URL", "must begin with memory://, redis:// or rediss://"))
}
