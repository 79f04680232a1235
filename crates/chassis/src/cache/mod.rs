//! A shared store for what may be lost: counters, revocations, short-lived answers.

use std::time::Duration;

#[derive(Debug, Clone, thiserror::Error)]
#[error("the cache is not available: {0}")]
pub struct CacheDown(pub String);

/// Redis in production, this process's memory in the embedded run.
#[async_trait::async_trait]
pub trait Cache: Send + Sync + 'static {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown>;
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown>;
    async fn delete(&self, key: &str) -> Result<(), CacheDown>;
    /// Adds one to a counter that begins to expire when it is first touched; answers its new value.
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown>;
    /// Time until `key` expires.
    async fn ttl(&self, key: &str) -> Result<Option<Duration>, CacheDown>;
    async fn ping(&self) -> Result<(), CacheDown>;
}
