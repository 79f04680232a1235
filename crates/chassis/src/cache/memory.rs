//! A cache in this process's memory.

use super::{Cache, CacheDown};
use crate::clock::{Clock, SystemClock};
use domain::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Expired entries are thrown out after this many writes at the least.
const SWEEP_AFTER: usize = 1024;

/// Entries expire by the clock it is given, so that a test can move it. Clones share their entries.
///
/// Nothing goes before it expires: a forgotten revocation would let an ended session back in.
#[derive(Clone)]
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    map: HashMap<String, Entry>,
    writes: usize,
}

struct Entry {
    value: Vec<u8>,
    expires_at: Timestamp,
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryCache {
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Arc::default() }
    }
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn alive(&self, key: &str, now: Timestamp) -> Option<&Entry> {
        self.map.get(key).filter(|entry| entry.expires_at > now)
    }
    fn put(&mut self, key: &str, value: Vec<u8>, expires_at: Timestamp, now: Timestamp) {
        self.writes += 1;
        // In proportion to what is there, so that a write costs the same however much that is.
        if self.writes >= SWEEP_AFTER.max(self.map.len()) {
            self.writes = 0;
            self.map.retain(|_, entry| entry.expires_at > now);
        }
        self.map.insert(key.to_owned(), Entry { value, expires_at });
    }
}

fn later(now: Timestamp, ttl: Duration) -> Timestamp {
    // A century is as good as for ever, and cannot overflow a timestamp.
    let century = chrono::TimeDelta::days(36_500);
    now.plus(chrono::TimeDelta::from_std(ttl).unwrap_or(century).min(century))
}

#[async_trait::async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        let now = self.clock.now();
        Ok(self.entries().alive(key, now).map(|entry| entry.value.clone()))
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        let now = self.clock.now();
        self.entries().put(key, value.to_vec(), later(now, ttl), now);
        Ok(())
    }

    async fn ping(&self) -> Result<(), CacheDown> {
        Ok(())
    }
}
