//! Shared counters of the load.

use super::sample::{Latency, Phase};
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time after a recovery in which failures still count as disturbed, because connections may still be closing.
const RECOVERY_MARGIN: Duration = Duration::from_secs(5);
/// Maximum number of recorded failures; further ones are dropped.
const MAX_FAILURES: usize = 1_000;
const MAX_FAILURE_CHARS: usize = 300;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// A disturbance explains no failed request.
    is_seamless: bool,
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

/// Totals for the report.
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
        self.inner.lock()
    }

    pub(crate) fn new(is_seamless: bool) -> Self {
        Self { is_seamless, ..Self::default() }
    }
    pub(crate) fn record_completed(&self, kind: &'static str) {
        add(&self.operations);
        *self.inner().by_kind.entry(kind).or_default() += 1;
    }
    pub(crate) fn record_response(&self, took: Duration) {
        add(&self.requests);
        self.inner().millis.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }
    pub(crate) fn record_retry(&self) {
        add(&self.retries);
    }
    pub(crate) fn record_throttle(&self) {
        add(&self.throttles);
    }
    /// Records an operation that was skipped because too many were running.
    pub(crate) fn record_skipped(&self) {
        add(&self.skipped);
    }
    pub(crate) fn record_failure(&self, what: &str) {
        let mut inner = self.inner();
        if inner.failures.len() < MAX_FAILURES {
            let phase = inner.phase.label();
            inner.failures.push(format!("[{phase}] {}", what.chars().take(MAX_FAILURE_CHARS).collect::<String>()));
        }
    }

    pub(crate) fn begin_verification(&self) {
        add(&self.verifications);
    }
    pub(crate) fn end_verification(&self) {
        add(&self.verified);
    }
    /// Numbers of verifications begun and ended.
    pub(crate) fn verifications(&self) -> (u64, u64) {
        (self.verifications.load(Ordering::Relaxed), self.verified.load(Ordering::Relaxed))
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.inner().phase = phase;
    }
    pub(crate) fn phase(&self) -> Phase {
        self.inner().phase
    }
    pub(crate) fn begin_disturbance(&self) {
        self.inner().disturbed = !self.is_seamless;
    }
    pub(crate) fn end_disturbance(&self) {
        let mut inner = self.inner();
        inner.disturbed = false;
        inner.recovered_at = Some(Instant::now()).filter(|_| !self.is_seamless);
    }
    pub(crate) fn is_disturbed(&self) -> bool {
        let inner = self.inner();
        inner.disturbed || inner.recovered_at.is_some_and(|at| at.elapsed() < RECOVERY_MARGIN)
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }
    /// Latency of the responses since the last call.
    pub(crate) fn take_latency(&self) -> Latency {
        let millis = std::mem::take(&mut self.inner().millis);
        Latency::from_millis(millis)
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
