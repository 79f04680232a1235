//! Cache in Redis, over a pool of connections that are tested before use.

use super::{Acquired, Cache, CacheDown, RateLimit, Subscription};
use crate::config::ConfigError;
use crate::tls::CaFile;
use deadpool_redis::redis::aio::{PubSubSink, PubSubStream};
use deadpool_redis::redis::{self, AsyncConnectionConfig, Client, Cmd, FromRedisValue, TlsCertificates};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Timeout for a connection and a response together.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Timeout for the connection of a subscription.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Time without a message after which a subscription tests its connection: a lost one may look like a quiet one.
const SUBSCRIPTION_PING_INTERVAL: Duration = Duration::from_secs(10);
/// Time after a failure in which no command is sent, so that requests fall back at once instead of waiting.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// A command uses its connection for one round trip, so a few connections carry thousands of commands a second.
const MAX_CONNECTIONS: usize = 16;

/// Deletes a key if it has the expected value.
const DELETE_IF: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// Increments a counter and sets its expiry if it has none.
const INCREMENT: &str = "
local n = redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n";

/// ARGV: for each key its limit and its window in milliseconds. Returns the index of the refused key, counted from 1,
/// and the milliseconds left of its window; or two zeros.
const ACQUIRE: &str = "
local refused, longest = 0, -1
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then
    local left = redis.call('PTTL', key)
    if left < 0 then left = tonumber(ARGV[2 * i]) end
    if left > longest then refused, longest = i, left end
  end
end
if refused > 0 then return {refused, longest} end
for i, key in ipairs(KEYS) do
  redis.call('INCR', key)
  if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ARGV[2 * i]) end
end
return {0, 0}";

/// Decrements counters; deletes those that reach zero.
const RELEASE: &str = "
for i, key in ipairs(KEYS) do
  local n = tonumber(redis.call('GET', key) or '0')
  if n > 1 then redis.call('DECR', key) elseif n == 1 then redis.call('DEL', key) end
end
return 0";

/// ARGV: the value, the maximal length, the lifetime in milliseconds. Returns the values removed.
const APPEND: &str = "
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local dropped = {}
while redis.call('LLEN', KEYS[1]) > tonumber(ARGV[2]) do
  dropped[#dropped + 1] = redis.call('LPOP', KEYS[1])
end
return dropped";

/// A cache in Redis.
pub struct RedisCache {
    pool: Pool,
    /// Opens the connections of subscriptions, which serve nothing else.
    client: Client,
    namespace: String,
    paused_until: Mutex<Option<Instant>>,
}

impl RedisCache {
    /// Errors when `url`, the value of `CACHE_URL`, is not a Redis URL. Connects when the cache is first used.
    pub fn connect(url: &str, namespace: &str, ca: Option<&CaFile>) -> Result<Self, ConfigError> {
        crate::http_client::install_tls();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(TIMEOUT)).set_response_timeout(Some(TIMEOUT));
        // The library's message may quote the URL, and so the password.
        let bad = "is not a Redis URL (redis://:password@host:6379/0)";
        let refuse = |_| ConfigError::new("CACHE_URL", bad);
        let certificates =
            TlsCertificates { client_tls: None, root_cert: ca.map(|file| file.pem.clone().into_bytes()) };
        let client = match ca {
            // Certificates are refused for a URL without TLS.
            Some(_) if url.starts_with("rediss://") => Client::build_with_tls(url, certificates),
            _ => Client::open(url),
        };
        let client = client.map_err(refuse)?;
        let connection = client.get_connection_info().clone();
        let manager = Manager::new_with_config(connection, config).map_err(refuse)?;
        let pool = Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| ConfigError::new("CACHE_URL", e))?;
        Ok(Self { pool, client, namespace: namespace.to_owned(), paused_until: Mutex::new(None) })
    }

    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.namespace)
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheDown> {
        if self.paused_until().is_some_and(|until| Instant::now() < until) {
            return Err(CacheDown("it failed less than half a second ago".into()));
        }
        let querying = async {
            let mut connection = self.pool.get().await.map_err(|e| Failure { is_up: false, error: unconnected(&e) })?;
            command.query_async(&mut connection).await.map_err(Failure::from)
        };
        let failure = match tokio::time::timeout(TIMEOUT, querying).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(failure)) => failure,
            Err(_) => Failure { is_up: false, error: CacheDown(format!("no response within {TIMEOUT:?}")) },
        };
        if !failure.is_up {
            *self.paused_until.lock() = Some(Instant::now() + PAUSE_AFTER_FAILURE);
        }
        Err(failure.error)
    }

    /// An atomic script on these keys. The caller adds the arguments.
    fn script<'a>(&self, text: &str, keys: impl ExactSizeIterator<Item = &'a str>) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(text).arg(keys.len());
        for key in keys {
            command.arg(self.key(key));
        }
        command
    }

    fn paused_until(&self) -> Option<Instant> {
        *self.paused_until.lock()
    }
}

/// Why a command failed, and whether Redis is up nevertheless.
struct Failure {
    is_up: bool,
    error: CacheDown,
}

impl From<redis::RedisError> for Failure {
    fn from(error: redis::RedisError) -> Self {
        // Redis is up when it responded with an error.
        let is_up = error.kind() == redis::ErrorKind::UnexpectedReturnType || error.code().is_some();
        Self { is_up, error: CacheDown(error.to_string()) }
    }
}

/// A subscription with a connection of its own.
struct RedisSubscription {
    sink: PubSubSink,
    stream: PubSubStream,
}

#[async_trait::async_trait]
impl Subscription for RedisSubscription {
    async fn next(&mut self) -> Result<Vec<u8>, CacheDown> {
        loop {
            match tokio::time::timeout(SUBSCRIPTION_PING_INTERVAL, self.stream.next()).await {
                Ok(Some(message)) => return Ok(message.get_payload_bytes().to_vec()),
                Ok(None) => return Err(CacheDown("the connection of a subscription has ended".into())),
                Err(_) => {
                    let answered = tokio::time::timeout(SUBSCRIBE_TIMEOUT, self.sink.ping::<redis::Value>()).await;
                    answered
                        .map_err(|_| CacheDown("a subscription has lost its connection".into()))?
                        .map_err(|error| CacheDown(error.to_string()))?;
                }
            }
        }
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
        self.query(redis::cmd("GET").arg(self.key(key))).await
    }

    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = redis::cmd("MGET");
        for key in keys {
            command.arg(self.key(key));
        }
        self.query(&command).await
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.query(redis::cmd("SET").arg(self.key(key)).arg(value).arg("PX").arg(millis(ttl))).await
    }

    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown> {
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg(value).arg("PX").arg(millis(ttl)).arg("NX");
        Ok(self.query::<Option<String>>(&command).await?.is_some())
    }

    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.query::<u64>(redis::cmd("DEL").arg(self.key(key))).await.map(drop)
    }

    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown> {
        let deleted: u64 = self.query(self.script(DELETE_IF, [key].into_iter()).arg(value)).await?;
        Ok(deleted > 0)
    }

    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.query(self.script(INCREMENT, [key].into_iter()).arg(millis(ttl))).await
    }

    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        Ok(self.query::<Option<u64>>(redis::cmd("GET").arg(self.key(key))).await?.unwrap_or(0))
    }

    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        if limits.is_empty() {
            return Ok(Acquired::Granted);
        }
        let mut command = self.script(ACQUIRE, limits.iter().map(|limit| limit.key.as_str()));
        for limit in limits {
            command.arg(limit.max).arg(millis(limit.window));
        }
        let (refused, left): (usize, u64) = self.query(&command).await?;
        Ok(match refused.checked_sub(1) {
            None => Acquired::Granted,
            Some(index) => Acquired::Refused { index, retry_after: Duration::from_millis(left) },
        })
    }

    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        if limits.is_empty() {
            return Ok(());
        }
        let command = self.script(RELEASE, limits.iter().map(|limit| limit.key.as_str()));
        self.query::<u64>(&command).await.map(drop)
    }

    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.query(self.script(APPEND, [key].into_iter()).arg(value).arg(max).arg(millis(ttl))).await
    }

    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.query(redis::cmd("LRANGE").arg(self.key(key)).arg(0).arg(-1)).await
    }

    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        self.query::<u64>(redis::cmd("PUBLISH").arg(self.key(channel)).arg(message)).await.map(drop)
    }

    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        let subscribing = async {
            let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
            sink.subscribe(self.key(channel)).await?;
            Ok::<_, redis::RedisError>(RedisSubscription { sink, stream })
        };
        match tokio::time::timeout(SUBSCRIBE_TIMEOUT, subscribing).await {
            Ok(subscribed) => Ok(Box::new(subscribed.map_err(|error| CacheDown(error.to_string()))?)),
            Err(_) => Err(CacheDown(format!("no subscription within {SUBSCRIBE_TIMEOUT:?}"))),
        }
    }

    async fn ping(&self) -> Result<(), CacheDown> {
        self.query::<String>(&redis::cmd("PING")).await.map(drop)
    }
}
