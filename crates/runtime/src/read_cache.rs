//! Answers of hot reads in the cache that all replicas of a service share, none of which outlives a change.
//!
//! What is stored under a name has a stamp, a random value of which each change makes a new one. A reader gets the stamp
//! with the entry, and an entry of another stamp is no hit; it stores what it loads under the stamp that it saw before,
//! so what it loaded before a change is never found after it. Names are marked by the statements that change them
//! ([`DbConnection::mark_changed`](db::DbConnection::mark_changed)), and their stamps are replaced when the transaction
//! has ended, before its caller goes on.
//!
//! A second stamp, the epoch of the service, is replaced after every interruption: while a process cannot reach the
//! cache, it neither reads nor can invalidate, so when it returns it first makes all entries of the service invalid. It
//! does the same when it starts, because it may have crashed between a commit and the new stamp.
//!
//! A failure of the cache is never one of the read: the database answers.

mod flights;
#[cfg(test)]
mod tests;

use crate::backoff::Backoff;
use crate::build_info;
use crate::cache::{Cache, CacheDown, Subscription};
use crate::config::ConfigError;
use crate::ctx::Ctx;
use crate::id;
use db::changes::ChangeObserver;
use flights::{Flights, Seat};
use futures_util::future::BoxFuture;
use metrics::counter;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long an entry is found: the second bound of its age.
const ENTRY_TTL: Duration = Duration::from_secs(60);
/// How long a stamp lasts. Without it, the next reader makes a new one.
const STAMP_TTL: Duration = Duration::from_secs(24 * 3_600);
/// Longest value that is stored.
const MAX_VALUE_BYTES: usize = 256 * 1024;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Epoch and stamp under which an entry is stored, as its first bytes.
type Stamps = [u8; 32];

/// The cached reads of one service. Clones share them.
#[derive(Clone)]
pub struct ReadCache {
    /// `None`: every read is loaded.
    shared: Option<Arc<Shared>>,
}

struct Shared {
    service: &'static str,
    cache: Arc<dyn Cache>,
    /// Interruptions so far, and how many there had been when the epoch was last replaced. Entries count only while both
    /// are equal.
    losses: AtomicU64,
    renewed_at: AtomicU64,
    /// Notified at an interruption, and at the end.
    lost: Arc<Notify>,
    flights: Flights,
}

/// What the cache has.
enum Found {
    Entry(Stamps, Vec<u8>),
    Nothing(Stamps),
    /// Neither use nor store anything.
    Unusable,
}

impl ReadCache {
    /// The cached reads of the service, whose transactions invalidate them from now on; none with `READ_CACHE=off`.
    pub fn start(ctx: &Ctx) -> Result<Self, ConfigError> {
        if !ctx.env().switch_or("READ_CACHE", true)? {
            return Ok(Self { shared: None });
        }
        let started = Self::of_service(ctx.service(), Arc::clone(ctx.cache()));
        if let Some(shared) = &started.shared {
            // An earlier observer of the same database replaces the same stamps.
            let _is_first = ctx.db().observe_changes(Arc::<Shared>::clone(shared));
        }
        Ok(started)
    }

    fn of_service(service: &'static str, cache: Arc<dyn Cache>) -> Self {
        let shared = Arc::new(Shared {
            service,
            cache,
            losses: AtomicU64::new(1),
            renewed_at: AtomicU64::new(0),
            lost: Arc::default(),
            flights: Flights::default(),
        });
        tokio::spawn(watch(Arc::downgrade(&shared), Arc::clone(&shared.lost)));
        Self { shared: Some(shared) }
    }

    /// What `load` returns, or has returned for `key` since the last change of `name`. The caller decides before who may
    /// read it; a key of what belongs to a person contains that person's id. `load` reads from the primary database.
    pub async fn get_or_load<T, E>(
        &self,
        name: &'static str,
        key: &str,
        load: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let Some(shared) = &self.shared else { return load().await };
        let stamps = match shared.find(name, key).await {
            Found::Entry(stamps, bytes) => match serde_json::from_slice(&bytes) {
                Ok(value) => {
                    shared.count("cache_hits_total", name);
                    return Ok(value);
                }
                Err(_) => Some(stamps),
            },
            Found::Nothing(stamps) => Some(stamps),
            Found::Unusable => None,
        };
        let Some(stamps) = stamps else {
            shared.count("cache_misses_total", name);
            return load().await;
        };
        let leader = match shared.flights.join(entry_key(shared.service, name, key), stamps) {
            Seat::Leader(leader) => Some(leader),
            Seat::Passenger(result) => {
                if let Some(value) = result.wait().await.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                    shared.count("cache_hits_total", name);
                    return Ok(value);
                }
                None
            }
        };
        shared.count("cache_misses_total", name);
        let value = load().await?;
        if let (Some(leader), Ok(bytes)) = (leader, serde_json::to_vec(&value)) {
            let bytes = Arc::new(bytes);
            leader.finish(Arc::clone(&bytes));
            shared.store(name, key, &stamps, &bytes).await;
        }
        Ok(value)
    }

    /// Makes everything stored under these names invalid, in every process.
    #[cfg(test)]
    async fn invalidate(&self, names: &[&'static str]) {
        if let Some(shared) = &self.shared {
            shared.changed(names).await;
        }
    }
}

fn epoch_key(service: &str) -> String {
    format!("{service}:reads:epoch")
}

fn stamp_key(service: &str, name: &str) -> String {
    format!("{service}:reads:stamp:{name}")
}

/// Builds may store a value in different forms, so each has entries of its own.
fn entry_key(service: &str, name: &str, key: &str) -> String {
    format!("{service}:reads:{name}:{}-{}:{key}", build_info::VERSION, build_info::REVISION)
}

fn fresh_stamp() -> [u8; 16] {
    id::fresh::<Uuid>().into_bytes()
}

impl Shared {
    fn count(&self, metric: &'static str, name: &'static str) {
        counter!(metric, "service" => self.service, "name" => name).increment(1);
    }

    fn is_trusted(&self) -> bool {
        self.renewed_at.load(Ordering::SeqCst) == self.losses.load(Ordering::SeqCst)
    }

    /// Entries no longer count until the epoch is replaced.
    fn lose(&self, error: &CacheDown) {
        if self.is_trusted() {
            tracing::warn!(service = self.service, %error, "the cache is lost; reads go to the database");
        }
        self.losses.fetch_add(1, Ordering::SeqCst);
        self.lost.notify_one();
    }

    async fn find(&self, name: &str, key: &str) -> Found {
        if !self.is_trusted() {
            return Found::Unusable;
        }
        let (epoch_key, stamp_key) = (epoch_key(self.service), stamp_key(self.service, name));
        let entry_key = entry_key(self.service, name, key);
        let found = match self.cache.get_all(&[&epoch_key, &stamp_key, &entry_key]).await {
            Ok(found) => found,
            Err(error) => {
                self.lose(&error);
                return Found::Unusable;
            }
        };
        let [epoch, stamp, entry] = <[Option<Vec<u8>>; 3]>::try_from(found).unwrap_or_default();
        let (Some(epoch), Some(stamp)) = (epoch, stamp) else {
            // The next reader stores its value.
            for key in [epoch_key, stamp_key] {
                if let Err(error) = self.cache.set_if_absent(&key, &fresh_stamp(), STAMP_TTL).await {
                    self.lose(&error);
                }
            }
            return Found::Unusable;
        };
        // Asked again, because the answer may have been on its way during an interruption.
        if !self.is_trusted() {
            return Found::Unusable;
        }
        let Ok(stamps) = Stamps::try_from([epoch, stamp].concat()) else { return Found::Unusable };
        match entry {
            Some(entry) if entry.starts_with(&stamps) => {
                Found::Entry(stamps, entry.get(stamps.len()..).unwrap_or_default().to_vec())
            }
            _ => Found::Nothing(stamps),
        }
    }

    async fn store(&self, name: &str, key: &str, stamps: &Stamps, value: &[u8]) {
        if value.len() > MAX_VALUE_BYTES {
            return;
        }
        let entry = [stamps.as_slice(), value].concat();
        if let Err(error) = self.cache.set(&entry_key(self.service, name, key), &entry, ENTRY_TTL).await {
            self.lose(&error);
        }
    }

    /// Receives nothing: the subscription is there to notice an interruption that no command meets. Replaces the epoch.
    async fn renew(&self) -> Result<Box<dyn Subscription>, CacheDown> {
        let losses = self.losses.load(Ordering::SeqCst);
        let subscription = self.cache.subscribe(&epoch_key(self.service)).await?;
        self.cache.set(&epoch_key(self.service), &fresh_stamp(), STAMP_TTL).await?;
        // Not trusted if there was an interruption meanwhile.
        self.renewed_at.store(losses, Ordering::SeqCst);
        Ok(subscription)
    }
}

impl ChangeObserver for Shared {
    fn changed<'a>(&'a self, names: &'a [&'static str]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for name in names {
                let key = stamp_key(self.service, name);
                if let Err(error) = self.cache.set(&key, &fresh_stamp(), STAMP_TTL).await {
                    // Made good when the epoch is replaced.
                    self.lose(&error);
                }
            }
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.lost.notify_one();
    }
}

/// Replaces the epoch at the start and after each interruption, until the owner is dropped.
async fn watch(shared: Weak<Shared>, lost: Arc<Notify>) {
    let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY).with_jitter(FIRST_RETRY);
    loop {
        let Some(current) = shared.upgrade() else { return };
        let renewed = current.renew().await;
        drop(current);
        match renewed {
            Ok(subscription) => {
                backoff.reset();
                let error = until_lost(subscription, &shared, &lost).await;
                let Some(current) = shared.upgrade() else { return };
                if let Some(error) = error {
                    current.lose(&error);
                }
            }
            Err(_) => tokio::time::sleep(backoff.next_wait()).await,
        }
    }
}

/// Waits for an interruption. Returns it if the subscription noticed it, and no other use of the cache.
async fn until_lost(
    mut subscription: Box<dyn Subscription>,
    shared: &Weak<Shared>,
    lost: &Notify,
) -> Option<CacheDown> {
    loop {
        tokio::select! {
            message = subscription.next() => match message {
                Ok(_) => {}
                Err(error) => return Some(error),
            },
            () = lost.notified() => {
                // A notification may be that of an interruption before the last renewal.
                if shared.upgrade().is_none_or(|shared| !shared.is_trusted()) {
                    return None;
                }
            }
        }
    }
}
