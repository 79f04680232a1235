//! The time, behind a trait so that a test can move it.

use domain::Timestamp;
use std::sync::Mutex;

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A clock that stands at a time until it is moved; every reading is a microsecond after the one before.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);
impl FakeClock {
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
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
