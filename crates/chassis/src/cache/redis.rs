//! A cache in Redis, over one connection that all requests share and that comes back by itself.

use super::{Cache, CacheDown};
use crate::config::ConfigError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, FromRedisValue};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for an answer or a connection.
const TIMEOUT: Duration = Duration::from_millis(500);
/// After a failure nobody asks for this long: requests fall back at once instead of each waiting its turn.
const PAUSE: Duration = Duration::from_millis(500);

/// `INCR` and the expiry of a new counter as one step, on every version of Redis.
const INCREMENT: &str =
    "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n";

pub struct RedisCache {
    client: redis::Client,
    namespace: String,
    /// Opened on first use: making it needs a running tokio, reading the configuration does not.
    manager: OnceLock<ConnectionManager>,
    paused_until: Mutex<Option<Instant>>,
}

impl RedisCache {
    /// Checks the URL. Nothing is connected until the cache is used.
    pub fn connect(url: &str, namespace: &str) -> Result<Self, ConfigError> {
        crate::http::client::install_tls();
        // The library's message may quote the URL, and so the password.
        let client = redis::Client::open(url)
            .map_err(|_| ConfigError::new("CACHE_URL", "is not a Redis URL (redis://:password@host:6379/0)"))?;
        Ok(Self { client, namespace: namespace.to_owned(), manager: OnceLock::new(), paused_until: Mutex::new(None) })
    }

    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.namespace)
    }

    fn manager(&self) -> Result<ConnectionManager, CacheDown> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config).map_err(down)?;
        Ok(self.manager.get_or_init(|| manager).clone())
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheDown> {
        if self.paused_until().is_some_and(|until| Instant::now() < until) {
            return Err(CacheDown("it failed a moment ago".into()));
        }
        let mut manager = self.manager()?;
        let answer = match tokio::time::timeout(TIMEOUT, command.query_async::<T>(&mut manager)).await {
            Ok(Ok(answer)) => {
                return Ok(answer);
            }
            Ok(Err(error)) => {
                // An error that Redis itself answered says that Redis is there.
                let there = error.kind() == redis::ErrorKind::UnexpectedReturnType || error.code().is_some();
                (down(error), !there)
            }
            Err(_) => (CacheDown(format!("no answer within {TIMEOUT:?}")), true),
        };
        let (error, pause) = answer;
        if pause {
            *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
        }
        Err(error)
    }

    fn paused_until(&self) -> Option<Instant> {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn down(error: redis::RedisError) -> CacheDown {
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

    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.ask(redis::cmd("DEL").arg(self.key(key))).await
    }

    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.ask(redis::cmd("EVAL").arg(INCREMENT).arg(1).arg(self.key(key)).arg(millis(ttl))).await
    }

    async fn ttl(&self, key: &str) -> Result<Option<Duration>, CacheDown> {
        let left: i64 = self.ask(redis::cmd("PTTL").arg(self.key(key))).await?;
        // Negative: no such key, or one that never expires.
        Ok(u64::try_from(left).ok().map(Duration::from_millis))
    }

    async fn ping(&self) -> Result<(), CacheDown> {
        self.ask::<String>(&redis::cmd("PING")).await.map(drop)
    }
}
