//! Clock that tests set.

use domain::Timestamp;
use parking_lot::Mutex;
use runtime::clock::Clock;

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
        *self.0.lock() = now;
    }
    /// Advances the time.
    pub fn advance_secs(&self, secs: i64) {
        let mut now = self.0.lock();
        *now = now.plus_secs(secs);
    }
}
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock();
        *now = now.plus(chrono::TimeDelta::microseconds(1));
        *now
    }
}
