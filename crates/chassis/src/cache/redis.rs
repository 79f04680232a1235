//! A cache in Redis, over a pool of connections that are asked whether they live before they are used.

use super::{Cache, CacheDown};
use crate::config::ConfigError;
use deadpool_redis::redis::{self, AsyncConnectionConfig, Cmd, FromRedisValue};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for a connection and an answer together.
const TIMEOUT: Duration = Duration::from_millis(500);
/// After a failure nobody asks for this long: requests fall back at once instead of each waiting its turn.
const PAUSE: Duration = Duration::from_millis(500);
/// A command holds its connection for one round trip, so a few connections carry thousands a second.
const CONNECTIONS: usize = 16;

pub struct RedisCache {
    pool: Pool,
    namespace: String,
    paused_until: Mutex<Option<Instant>>,
}

impl RedisCache {
    /// Checks the URL. Nothing is connected until the cache is used.
    pub fn connect(url: &str, namespace: &str) -> Result<Self, ConfigError> {
        crate::http::client::install_tls();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(TIMEOUT)).set_response_timeout(Some(TIMEOUT));
        // The library's message may quote the URL, and so the password.
        let bad = "is not a Redis URL (redis://:password@host:6379/0)";
        let manager = Manager::new_with_config(url, config).map_err(|_| ConfigError::new("CACHE_URL", bad))?;
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| ConfigError::new("CACHE_URL", e))?;
        Ok(Self { pool, namespace: namespace.to_owned(), paused_until: Mutex::new(None) })
    }

    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.namespace)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheDown> {
        if self.paused_until().is_some_and(|until| Instant::now() < until) {
            return Err(CacheDown("it failed a moment ago".into()));
        }
        let asking = async {
            let mut connection = self.pool.get().await.map_err(|e| Failure { there: false, error: unconnected(&e) })?;
            command.query_async(&mut connection).await.map_err(Failure::from)
        };
        let failure = match tokio::time::timeout(TIMEOUT, asking).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(_) => Failure { there: false, error: CacheDown(format!("no answer within {TIMEOUT:?}")) },
        };
        if !failure.there {
            *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
        }
        Err(failure.error)
    }

    fn paused_until(&self) -> Option<Instant> {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no answer, and whether Redis is there all the same.
struct Failure {
    there: bool,
    error: CacheDown,
}

impl From<redis::RedisError> for Failure {
    fn from(error: redis::RedisError) -> Self {
        // An error that Redis itself answered says that Redis is there.
        let there = error.kind() == redis::ErrorKind::UnexpectedReturnType || error.code().is_some();
        Self { there, error: CacheDown(error.to_string()) }
    }
}

fn unconnected(error: &PoolError) -> CacheDown {
    CacheDown(error.to_string())
}

fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, 3_153_600_000_000)
}

#[async_trait::async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.ask(redis::cmd("GET").arg(self.key(key))).await
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.ask(redis::cmd("SET").arg(self.key(key)).arg(value).arg("PX").arg(millis(ttl))).await
    }

    async fn ping(&self) -> Result<(), CacheDown> {
        self.ask::<String>(&redis::cmd("PING")).await.map(drop)
    }
}
