//! Cache in the memory of one process.

use super::{Acquired, Cache, CacheDown, RateLimit, Subscription};
use crate::clock::{Clock, SystemClock};
use domain::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// Writes after which expired entries are removed, at least.
const SWEEP_INTERVAL_WRITES: usize = 1024;

/// A cache whose entries expire by an injected clock. Clones share the entries.
///
/// No entry is removed before it expires, because a lost revocation would readmit a revoked session.
#[derive(Clone)]
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    entries: Arc<Mutex<Entries>>,
    channels: Arc<Mutex<HashMap<String, broadcast::Sender<Vec<u8>>>>>,
}

/// Messages that a slow subscription may be behind.
const MAX_UNREAD_MESSAGES: usize = 1024;

#[derive(Default)]
struct Entries {
    map: HashMap<String, Entry>,
    writes: usize,
}

struct Entry {
    value: Value,
    expires_at: Timestamp,
}

/// The value of a key. As in Redis, a counter is a string of digits.
enum Value {
    Bytes(Vec<u8>),
    List(VecDeque<Vec<u8>>),
}

impl Value {
    fn bytes(&self) -> Option<&Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::List(_) => None,
        }
    }
    fn count(&self) -> u64 {
        self.bytes().and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(0)
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryCache {
    /// An empty cache with the system clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }
    /// An empty cache with `clock`.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Arc::default(), channels: Arc::default() }
    }
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock()
    }
}

impl Entries {
    fn find_unexpired(&self, key: &str, now: Timestamp) -> Option<&Entry> {
        self.map.get(key).filter(|entry| entry.expires_at > now)
    }
    fn count(&self, key: &str, now: Timestamp) -> u64 {
        self.find_unexpired(key, now).map_or(0, |entry| entry.value.count())
    }
    /// Increments a counter. An existing counter keeps its expiry, a new one expires after `ttl`.
    fn increment(&mut self, key: &str, ttl: Duration, now: Timestamp) -> u64 {
        let before = self.find_unexpired(key, now).map(|entry| (entry.value.count(), entry.expires_at));
        let (count, expires_at) = before.unwrap_or_else(|| (0, expiry(now, ttl)));
        let count = count.saturating_add(1);
        self.put(key, Value::Bytes(count.to_string().into_bytes()), expires_at, now);
        count
    }
    fn put(&mut self, key: &str, value: Value, expires_at: Timestamp, now: Timestamp) {
        self.writes += 1;
        // In proportion to the number of entries, so that the cost of a write does not depend on it.
        if self.writes >= SWEEP_INTERVAL_WRITES.max(self.map.len()) {
            self.writes = 0;
            self.map.retain(|_, entry| entry.expires_at > now);
        }
        self.map.insert(key.to_owned(), Entry { value, expires_at });
    }
}

fn expiry(now: Timestamp, ttl: Duration) -> Timestamp {
    // A century at most, which cannot overflow a timestamp.
    let century = chrono::TimeDelta::days(36_500);
    now.plus(chrono::TimeDelta::from_std(ttl).unwrap_or(century).min(century))
}

#[async_trait::async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        let now = self.clock.now();
        Ok(self.entries().find_unexpired(key, now).and_then(|entry| entry.value.bytes().cloned()))
    }

    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown> {
        let now = self.clock.now();
        let entries = self.entries();
        let value = |key: &&str| entries.find_unexpired(key, now).and_then(|entry| entry.value.bytes().cloned());
        Ok(keys.iter().map(value).collect())
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        let now = self.clock.now();
        self.entries().put(key, Value::Bytes(value.to_vec()), expiry(now, ttl), now);
        Ok(())
    }

    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown> {
        let now = self.clock.now();
        let mut entries = self.entries();
        if entries.find_unexpired(key, now).is_some() {
            return Ok(false);
        }
        entries.put(key, Value::Bytes(value.to_vec()), expiry(now, ttl), now);
        Ok(true)
    }

    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.entries().map.remove(key);
        Ok(())
    }

    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown> {
        let now = self.clock.now();
        let mut entries = self.entries();
        let has =
            entries.find_unexpired(key, now).and_then(|entry| entry.value.bytes()).is_some_and(|bytes| bytes == value);
        if has {
            entries.map.remove(key);
        }
        Ok(has)
    }

    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        let now = self.clock.now();
        Ok(self.entries().increment(key, ttl, now))
    }

    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        let now = self.clock.now();
        Ok(self.entries().count(key, now))
    }

    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        let now = self.clock.now();
        let mut entries = self.entries();
        let reached = limits.iter().enumerate().filter(|(_, limit)| entries.count(&limit.key, now) >= limit.max);
        let left = |limit: &RateLimit| match entries.find_unexpired(&limit.key, now) {
            Some(entry) => entry.expires_at.since(now).to_std().unwrap_or_default(),
            None => limit.window,
        };
        let longest = reached.map(|(index, limit)| (left(limit), index)).max_by_key(|(left, _)| *left);
        if let Some((retry_after, index)) = longest {
            return Ok(Acquired::Refused { index, retry_after });
        }
        for limit in limits {
            entries.increment(&limit.key, limit.window, now);
        }
        Ok(Acquired::Granted)
    }

    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        let now = self.clock.now();
        let mut entries = self.entries();
        for limit in limits {
            let Some((count, expires_at)) =
                entries.find_unexpired(&limit.key, now).map(|e| (e.value.count(), e.expires_at))
            else {
                continue;
            };
            if count > 1 {
                entries.put(&limit.key, Value::Bytes((count - 1).to_string().into_bytes()), expires_at, now);
            } else {
                entries.map.remove(&limit.key);
            }
        }
        Ok(())
    }

    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        let now = self.clock.now();
        let mut entries = self.entries();
        let mut list = match entries.find_unexpired(key, now).map(|entry| &entry.value) {
            Some(Value::List(list)) => list.clone(),
            Some(Value::Bytes(_)) | None => VecDeque::new(),
        };
        list.push_back(value.to_vec());
        let beyond = list.len().saturating_sub(max);
        let dropped = list.drain(..beyond).collect();
        entries.put(key, Value::List(list), expiry(now, ttl), now);
        Ok(dropped)
    }

    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        let now = self.clock.now();
        match self.entries().find_unexpired(key, now).map(|entry| &entry.value) {
            Some(Value::List(list)) => Ok(list.iter().cloned().collect()),
            Some(Value::Bytes(_)) | None => Ok(Vec::new()),
        }
    }

    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        if let Some(sender) = self.channels.lock().get(channel) {
            // Without a subscription, nothing waits for it.
            let _receivers = sender.send(message.to_vec());
        }
        Ok(())
    }

    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        let mut channels = self.channels.lock();
        let sender = channels.entry(channel.to_owned()).or_insert_with(|| broadcast::channel(MAX_UNREAD_MESSAGES).0);
        Ok(Box::new(MemorySubscription(sender.subscribe())))
    }

    async fn ping(&self) -> Result<(), CacheDown> {
        Ok(())
    }
}

/// A subscription within the process.
struct MemorySubscription(broadcast::Receiver<Vec<u8>>);

#[async_trait::async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Result<Vec<u8>, CacheDown> {
        self.0.recv().await.map_err(|lost| CacheDown(lost.to_string()))
    }
}
