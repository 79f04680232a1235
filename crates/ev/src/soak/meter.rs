//! Counters of the load, shared by everything that runs at once.

use super::sample::{Latency, Phase};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After the platform is ready again its clients may still meet a connection that is being closed.
const GRACE: Duration = Duration::from_secs(5);
/// Failures that are kept whole; more are counted by the judge as they are, so a run of nothing but failures stays small.
const MOST_FAILURES: usize = 1_000;
const MOST_CHARS: usize = 300;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    operations: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    skipped: AtomicU64,
    verifications: AtomicU64,
    verified: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    disturbed: bool,
    recovered_at: Option<Instant>,
    millis: Vec<u64>,
    failures: Vec<String>,
    by_kind: BTreeMap<&'static str, u64>,
}

/// What is printed of the counters.
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    pub(crate) operations: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) throttles: u64,
    pub(crate) skipped: u64,
    pub(crate) by_kind: BTreeMap<&'static str, u64>,
    pub(crate) failures: Vec<String>,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Meter {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn completed(&self, kind: &'static str) {
        add(&self.operations);
        *self.inner().by_kind.entry(kind).or_default() += 1;
    }
    pub(crate) fn answered(&self, took: Duration) {
        add(&self.requests);
        self.inner().millis.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }
    pub(crate) fn retried(&self) {
        add(&self.retries);
    }
    pub(crate) fn throttled(&self) {
        add(&self.throttles);
    }
    /// An operation that was due and not begun, because too many were under way.
    pub(crate) fn skipped(&self) {
        add(&self.skipped);
    }
    pub(crate) fn fault(&self, what: &str) {
        let mut inner = self.inner();
        if inner.failures.len() < MOST_FAILURES {
            let at = inner.phase.word();
            inner.failures.push(format!("[{at}] {}", what.chars().take(MOST_CHARS).collect::<String>()));
        }
    }

    pub(crate) fn verification_begins(&self) {
        add(&self.verifications);
    }
    pub(crate) fn verification_ends(&self) {
        add(&self.verified);
    }
    /// How many verifications have begun, and how many have ended.
    pub(crate) fn verifications(&self) -> (u64, u64) {
        (self.verifications.load(Ordering::Relaxed), self.verified.load(Ordering::Relaxed))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.inner().phase = phase;
    }
    pub(crate) fn phase(&self) -> Phase {
        self.inner().phase
    }
    pub(crate) fn disturb(&self) {
        self.inner().disturbed = true;
    }
    pub(crate) fn recovered(&self) {
        let mut inner = self.inner();
        inner.disturbed = false;
        inner.recovered_at = Some(Instant::now());
    }
    pub(crate) fn is_disturbed(&self) -> bool {
        let inner = self.inner();
        inner.disturbed || inner.recovered_at.is_some_and(|at| at.elapsed() < GRACE)
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }
    /// Of the answers since the last call.
    pub(crate) fn take_latency(&self) -> Latency {
        let millis = std::mem::take(&mut self.inner().millis);
        Latency::of(millis)
    }
    pub(crate) fn totals(&self) -> Totals {
        let inner = self.inner();
        Totals {
            operations: self.operations(),
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            throttles: self.throttles.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            by_kind: inner.by_kind.clone(),
            failures: inner.failures.clone(),
        }
    }
}
