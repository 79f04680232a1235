//! Cache and mailer that a test can make unavailable.

use parking_lot::Mutex;
use runtime::cache::{Acquired, Cache, CacheDown, MemoryCache, RateLimit, Subscription};
use runtime::clock::Clock;
use runtime::mail::{MailError, Mailer, Message, Sent};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A cache that a test can make unavailable.
pub struct FallibleCache {
    /// The cache behind it, which is always available.
    pub inner: MemoryCache,
    is_down: AtomicBool,
    gets: AtomicUsize,
}

impl FallibleCache {
    /// An empty cache that is available.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let inner = MemoryCache::with_clock(clock);
        Self { inner, is_down: AtomicBool::new(false), gets: AtomicUsize::new(0) }
    }
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
    /// The number of values that were read.
    pub fn gets(&self) -> usize {
        self.gets.load(Ordering::SeqCst)
    }
    fn check(&self) -> Result<(), CacheDown> {
        if self.is_down.load(Ordering::SeqCst) { Err(CacheDown("down".into())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl Cache for FallibleCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.check()?;
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key).await
    }
    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown> {
        self.check()?;
        self.gets.fetch_add(keys.len(), Ordering::SeqCst);
        self.inner.get_all(keys).await
    }
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown> {
        self.check()?;
        self.inner.set_if_absent(key, value, ttl).await
    }
    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.delete(key).await
    }
    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown> {
        self.check()?;
        self.inner.delete_if(key, value).await
    }
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.check()?;
        self.inner.increment(key, ttl).await
    }
    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        self.check()?;
        self.inner.count(key).await
    }
    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        self.check()?;
        self.inner.acquire(limits).await
    }
    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.release(limits).await
    }
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.check()?;
        self.inner.append(key, value, max, ttl).await
    }
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.check()?;
        self.inner.list(key).await
    }
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        self.check()?;
        self.inner.publish(channel, message).await
    }
    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        self.check()?;
        self.inner.subscribe(channel).await
    }
    async fn ping(&self) -> Result<(), CacheDown> {
        self.check()
    }
}

/// A mailer that a test can make unavailable, one channel at a time.
pub struct FallibleMailer {
    inner: Arc<dyn Mailer>,
    down: Mutex<BTreeSet<&'static str>>,
}

impl FallibleMailer {
    /// Sends by `inner` while the channel of the message is available.
    pub fn new(inner: Arc<dyn Mailer>) -> Self {
        Self { inner, down: Mutex::default() }
    }
    /// Makes a channel, `email` or `sms`, unavailable or available.
    pub fn set_down(&self, channel: &'static str, is_down: bool) {
        let mut down = self.down.lock();
        let _changed = if is_down { down.insert(channel) } else { down.remove(channel) };
    }
}

#[async_trait::async_trait]
impl Mailer for FallibleMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        if self.down.lock().contains(message.channel.as_str()) {
            return Err(MailError::Unavailable("down".into()));
        }
        self.inner.send(message).await
    }
    fn has_channel(&self, channel: &str) -> bool {
        self.inner.has_channel(channel)
    }
}
