//! Clock, injected so that tests can set the time.

use domain::Timestamp;
use std::sync::Mutex;

/// Source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A clock for tests that changes only when it is set; each reading is a microsecond after the one before.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);
impl FakeClock {
    /// A clock at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }
    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
    /// Advances the time.
    pub fn advance_secs(&self, secs: i64) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.plus_secs(secs);
    }
}
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.plus(chrono::TimeDelta::microseconds(1));
        *now
    }
}
