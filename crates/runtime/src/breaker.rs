//! Circuit breaker for outbound calls.
//!
//! | state | a call | becomes |
//! |---|---|---|
//! | closed | is made | open after [`FAILURE_LIMIT`] failures in a row |
//! | open | is refused | half-open after [`OPEN_DURATION`] |
//! | half-open | one is made, the others are refused | closed when it succeeds, else open |
//!
//! A failure is an outage: no response, or one that reports a fault of the other system. A refused request is a
//! success.

use crate::backoff::Backoff;
use crate::clock::Clock;
use domain::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Failures in a row that open a circuit breaker.
pub const FAILURE_LIMIT: u32 = 5;
/// How long an open circuit breaker refuses every call.
pub const OPEN_DURATION: Duration = Duration::from_secs(30);

/// Wait before a retry, and the random addition to it.
const RETRY_DELAY: Duration = Duration::from_millis(100);
const RETRY_JITTER: Duration = Duration::from_millis(255);

/// A call that was not made because the circuit breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("circuit breaker open for another {} s", retry_after.as_secs())]
pub struct CircuitOpen {
    /// How long to wait before the next call: at least a second.
    pub retry_after: Duration,
}

/// Classification of the error of a call.
pub trait IsOutage {
    /// Whether the other system did not respond or reported a fault of its own.
    fn is_outage(&self) -> bool;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Timestamp,
    },
    /// One trial call is in progress.
    HalfOpen,
}

/// The state, and how often it has changed. The outcome of a call from an earlier generation is ignored.
#[derive(Debug)]
struct Inner {
    state: State,
    generation: u64,
}

/// A circuit breaker for calls to one other system.
pub struct CircuitBreaker {
    name: &'static str,
    service: &'static str,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

/// A call in progress. When a trial is dropped without an outcome, the next call is the trial.
struct Call<'a> {
    breaker: &'a CircuitBreaker,
    generation: u64,
    ended: bool,
}

impl CircuitBreaker {
    /// A closed circuit breaker; `name` is the name of the other system in logs and metrics.
    pub fn new(name: &'static str, service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, service, clock, inner: Mutex::new(Inner { state: State::Closed { failures: 0 }, generation: 0 }) }
    }

    /// The name of the other system.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Makes `call`, or errors with [`CircuitOpen`].
    pub async fn call<T, E: IsOutage + From<CircuitOpen>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let started = self.begin()?;
        let result = call.await;
        started.end(result.as_ref().err().is_some_and(IsOutage::is_outage));
        result
    }

    /// Makes the call up to `max_attempts` times while it fails by an outage. For idempotent calls.
    pub async fn retry<T, E, F>(&self, max_attempts: u32, call: impl Fn() -> F) -> Result<T, E>
    where
        E: IsOutage + From<CircuitOpen>,
        F: Future<Output = Result<T, E>>,
    {
        let mut backoff = Backoff::new(RETRY_DELAY, RETRY_DELAY).with_jitter(RETRY_JITTER);
        let mut attempts = 1;
        loop {
            match self.call(call()).await {
                Err(error) if error.is_outage() && attempts < max_attempts && self.is_closed() => {}
                done => return done,
            }
            attempts += 1;
            tokio::time::sleep(backoff.next_wait()).await;
        }
    }

    /// Whether the circuit breaker is closed, neither open nor half-open.
    pub fn is_closed(&self) -> bool {
        matches!(self.lock().state, State::Closed { .. })
    }

    fn begin(&self) -> Result<Call<'_>, CircuitOpen> {
        let now = self.clock.now();
        let mut inner = self.lock();
        match inner.state {
            State::Closed { .. } => {}
            State::Open { until } if until <= now => self.enter(&mut inner, State::HalfOpen),
            State::Open { until } => {
                let left = until.since(now).to_std().unwrap_or_default();
                return Err(CircuitOpen { retry_after: left.max(Duration::from_secs(1)) });
            }
            State::HalfOpen => return Err(CircuitOpen { retry_after: Duration::from_secs(1) }),
        }
        Ok(Call { breaker: self, generation: inner.generation, ended: false })
    }

    fn end(&self, generation: u64, outage: bool) {
        let mut inner = self.lock();
        if inner.generation != generation {
            return;
        }
        let failures = match (inner.state, outage) {
            (State::Closed { failures: 0 }, false) | (State::Open { .. }, _) => return,
            (State::Closed { .. } | State::HalfOpen, false) => 0,
            (State::Closed { failures }, true) => failures + 1,
            (State::HalfOpen, true) => FAILURE_LIMIT,
        };
        match (inner.state, failures) {
            (_, FAILURE_LIMIT..) => {
                let pause = chrono::TimeDelta::from_std(OPEN_DURATION).unwrap_or(chrono::TimeDelta::MAX);
                self.enter(&mut inner, State::Open { until: self.clock.now().plus(pause) });
            }
            (State::HalfOpen, _) => self.enter(&mut inner, State::Closed { failures }),
            (State::Closed { .. } | State::Open { .. }, _) => inner.state = State::Closed { failures },
        }
    }

    /// Lets the next call be the trial, after one that was dropped without an outcome.
    fn abandon(&self, generation: u64) {
        let mut inner = self.lock();
        if inner.generation == generation && inner.state == State::HalfOpen {
            self.enter(&mut inner, State::Open { until: self.clock.now() });
        }
    }

    fn enter(&self, inner: &mut Inner, state: State) {
        inner.state = state;
        inner.generation += 1;
        let (name, service) = (self.name, self.service);
        metrics::gauge!("breaker_open", "service" => service, "name" => name)
            .set(if matches!(state, State::Closed { .. }) { 0.0 } else { 1.0 });
        match state {
            State::Open { .. } => tracing::warn!(service, name, "circuit breaker opened"),
            State::HalfOpen => tracing::info!(service, name, "circuit breaker half-open"),
            State::Closed { .. } => tracing::info!(service, name, "circuit breaker closed"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }
}

impl Call<'_> {
    fn end(mut self, outage: bool) {
        self.ended = true;
        self.breaker.end(self.generation, outage);
    }
}
impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.breaker.abandon(self.generation);
        }
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CircuitBreaker").field(&self.name).field(&self.lock().state).finish()
    }
}

/// The circuit breakers of a service, one for each system it calls.
pub struct CircuitBreakers {
    service: &'static str,
    clock: Arc<dyn Clock>,
    by_name: Mutex<BTreeMap<&'static str, Arc<CircuitBreaker>>>,
}

impl CircuitBreakers {
    /// No circuit breakers yet.
    pub fn new(service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { service, clock, by_name: Mutex::default() }
    }
    /// The circuit breaker of that name, created at the first call.
    pub fn get(&self, name: &'static str) -> Arc<CircuitBreaker> {
        let mut by_name = self.by_name.lock();
        let fresh = || Arc::new(CircuitBreaker::new(name, self.service, Arc::clone(&self.clock)));
        Arc::clone(by_name.entry(name).or_insert_with(fresh))
    }
    /// All circuit breakers created so far.
    pub fn all(&self) -> Vec<Arc<CircuitBreaker>> {
        self.by_name.lock().values().cloned().collect()
    }
}
