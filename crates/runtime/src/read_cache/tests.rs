//! Tests of cached reads on the cache in memory, which a test interrupts.

use super::*;
use crate::cache::{Acquired, MemoryCache, RateLimit};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32};
use tokio::sync::oneshot;

/// A cache that can be down, for this process alone.
struct Line {
    inner: MemoryCache,
    is_down: AtomicBool,
    /// Ends the subscriptions.
    cut: Notify,
}

impl Line {
    fn to(inner: &MemoryCache) -> Arc<Self> {
        Arc::new(Self { inner: inner.clone(), is_down: AtomicBool::new(false), cut: Notify::new() })
    }
    fn check(&self) -> Result<(), CacheDown> {
        if self.is_down.load(Ordering::SeqCst) { Err(CacheDown("down".into())) } else { Ok(()) }
    }
    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

struct CutSubscription(Arc<Line>);

#[async_trait::async_trait]
impl Subscription for CutSubscription {
    async fn next(&mut self) -> Result<Vec<u8>, CacheDown> {
        self.0.cut.notified().await;
        Err(CacheDown("cut".into()))
    }
}

/// The line as the port; its subscriptions need the shared pointer.
struct Port(Arc<Line>);

#[async_trait::async_trait]
impl Cache for Port {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.0.check()?;
        self.0.inner.get(key).await
    }
    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown> {
        self.0.check()?;
        self.0.inner.get_all(keys).await
    }
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.0.check()?;
        self.0.inner.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, CacheDown> {
        self.0.check()?;
        self.0.inner.set_if_absent(key, value, ttl).await
    }
    async fn delete(&self, key: &str) -> Result<(), CacheDown> {
        self.0.inner.delete(key).await
    }
    async fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheDown> {
        self.0.inner.delete_if(key, value).await
    }
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.0.inner.increment(key, ttl).await
    }
    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        self.0.inner.count(key).await
    }
    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        self.0.inner.acquire(limits).await
    }
    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        self.0.inner.release(limits).await
    }
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.inner.append(key, value, max, ttl).await
    }
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.inner.list(key).await
    }
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        self.0.inner.publish(channel, message).await
    }
    async fn subscribe(&self, _: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        self.0.check()?;
        Ok(Box::new(CutSubscription(Arc::clone(&self.0))))
    }
    async fn ping(&self) -> Result<(), CacheDown> {
        self.0.check()
    }
}

/// A row of a database, and how often it was read.
#[derive(Default)]
struct Row {
    value: AtomicU32,
    loads: AtomicU32,
}

impl Row {
    fn set(&self, value: u32) {
        self.value.store(value, Ordering::SeqCst);
    }
    fn load(&self) -> std::future::Ready<Result<u32, Infallible>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(self.value.load(Ordering::SeqCst)))
    }
    fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }
}

async fn read(reads: &ReadCache, row: &Row) -> u32 {
    reads.get_or_load("rows", "1", async || row.load().await).await.unwrap_or_else(|never| match never {})
}

fn started(line: &Arc<Line>) -> ReadCache {
    ReadCache::of_service("a", Arc::new(Port(Arc::clone(line))))
}

/// Reads until an answer comes from the cache.
async fn warm(reads: &ReadCache, row: &Row) {
    loop {
        let before = row.loads();
        read(reads, row).await;
        if row.loads() == before {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_is_loaded_once_until_it_changes_in_any_process() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let (here, there) = (started(&Line::to(&redis)), started(&Line::to(&redis)));
    warm(&here, &row).await;
    warm(&there, &row).await;
    let loads = row.loads();
    assert_eq!((read(&here, &row).await, read(&there, &row).await, row.loads()), (0, 0, loads));
    row.set(7);
    here.invalidate(&["others"]).await;
    assert_eq!(read(&there, &row).await, 0, "another name");
    here.invalidate(&["rows"]).await;
    assert_eq!((read(&there, &row).await, read(&here, &row).await, row.loads()), (7, 7, loads + 1));
    // A change that is announced twice costs one more load.
    here.invalidate(&["rows"]).await;
    assert_eq!((read(&there, &row).await, read(&here, &row).await, row.loads()), (7, 7, loads + 2));
}

#[tokio::test]
async fn what_was_loaded_before_a_change_is_never_read_after_it() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let (here, there) = (started(&Line::to(&redis)), started(&Line::to(&redis)));
    warm(&here, &row).await;
    warm(&there, &row).await;
    here.invalidate(&["rows"]).await;
    let (loaded, has_loaded) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel();
    let slow = here.get_or_load("rows", "1", async || {
        let value = row.load().await;
        loaded.send(()).expect("a test that waits");
        may_go_on.await.expect("a test that goes on");
        value
    });
    let change = async {
        has_loaded.await.expect("a load");
        row.set(7);
        there.invalidate(&["rows"]).await;
        // It does not join the load that began before the change.
        assert_eq!(read(&here, &row).await, 7);
        go_on.send(()).expect("a reader that waits");
    };
    let (slow, ()) = futures_util::join!(slow, change);
    assert_eq!(slow, Ok::<_, Infallible>(0), "a read that began before the change");
    assert_eq!((read(&here, &row).await, read(&there, &row).await), (7, 7));
}

#[tokio::test]
async fn callers_of_the_same_key_share_one_load_and_one_that_fails_is_not_shared() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let reads = started(&Line::to(&redis));
    warm(&reads, &row).await;
    reads.invalidate(&["rows"]).await;
    let loads = row.loads();
    let slow = async || {
        tokio::task::yield_now().await;
        row.load().await
    };
    let all = futures_util::future::join_all((0..50).map(|_| reads.get_or_load("rows", "1", slow))).await;
    assert!(all.iter().all(|value| value == &Ok(0)));
    assert_eq!(row.loads(), loads + 1);
    reads.invalidate(&["rows"]).await;
    let failing = reads.get_or_load("rows", "1", async || {
        tokio::task::yield_now().await;
        Err::<u32, &str>("no")
    });
    let (failed, other) = futures_util::join!(failing, read(&reads, &row));
    assert_eq!((failed, other, row.loads()), (Err("no"), 0, loads + 2));
}

#[tokio::test]
async fn a_change_while_the_cache_is_down_is_seen_when_it_is_back() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let lines = [Line::to(&redis), Line::to(&redis)];
    let [here, there] = [started(&lines[0]), started(&lines[1])];
    warm(&here, &row).await;
    warm(&there, &row).await;
    lines.iter().for_each(|line| line.set_down(true));
    row.set(7);
    here.invalidate(&["rows"]).await;
    assert_eq!((read(&here, &row).await, read(&there, &row).await), (7, 7), "from the database");
    lines.iter().for_each(|line| line.set_down(false));
    for _ in 0..50 {
        assert_eq!((read(&here, &row).await, read(&there, &row).await), (7, 7));
        tokio::task::yield_now().await;
    }
    warm(&here, &row).await;
    warm(&there, &row).await;
    assert_eq!((read(&here, &row).await, read(&there, &row).await), (7, 7));
}

#[tokio::test]
async fn a_process_that_only_lost_its_subscription_does_not_trust_what_is_stored() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let (cut, other) = (Line::to(&redis), Line::to(&redis));
    let (here, there) = (started(&cut), started(&other));
    warm(&here, &row).await;
    warm(&there, &row).await;
    // The change of a process that died before it could announce it.
    row.set(7);
    assert_eq!(read(&here, &row).await, 0);
    cut.cut.notify_one();
    while read(&here, &row).await != 7 {
        tokio::task::yield_now().await;
    }
    // The new epoch is that of all processes.
    while read(&there, &row).await != 7 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_process_that_starts_makes_good_what_a_crash_left() {
    let (redis, row) = (MemoryCache::new(), Row::default());
    let there = started(&Line::to(&redis));
    warm(&there, &row).await;
    row.set(7);
    let here = started(&Line::to(&redis));
    warm(&here, &row).await;
    assert_eq!((read(&here, &row).await, read(&there, &row).await), (7, 7));
}

#[tokio::test]
async fn a_value_beyond_the_limit_and_one_of_another_form_are_loaded() {
    let redis = MemoryCache::new();
    let row = Row::default();
    let reads = started(&Line::to(&redis));
    warm(&reads, &row).await;
    let text = "x".repeat(MAX_VALUE_BYTES);
    let loads = AtomicU32::new(0);
    for _ in 0..3 {
        let load = async || {
            loads.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(text.clone())
        };
        assert!(reads.get_or_load("rows", "long", load).await.is_ok());
    }
    assert_eq!(loads.load(Ordering::SeqCst), 3);
    let other = reads.get_or_load("rows", "1", async || Ok::<_, Infallible>(vec![1_u8])).await;
    assert_eq!(other, Ok(vec![1]));
}

#[tokio::test]
async fn a_switch_turns_it_off() {
    let row = Row::default();
    let off = ReadCache { shared: None };
    assert_eq!((read(&off, &row).await, read(&off, &row).await, row.loads()), (0, 0, 2));
}
