//! Back-off policy: growing waits between attempts while something keeps failing.

use crate::id;
use std::time::Duration;

/// Waits that double from the first to the longest, each with a random addition of up to `jitter`.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    jitter: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits without jitter.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, jitter: Duration::ZERO, failures: 0 }
    }
    /// Adds a random part of `jitter` to every wait, so that several callers do not retry together.
    pub const fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }
    /// The wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = delay_after(self.first, self.longest, self.failures);
        if self.jitter.is_zero() {
            return wait;
        }
        let [random] = id::random_bytes::<1>();
        wait + self.jitter * u32::from(random) / u32::from(u8::MAX)
    }
    /// Starts again with the first wait, after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
    /// Whether nothing has failed since the last success. Callers log a warning for the first failure only.
    pub fn is_fresh(&self) -> bool {
        self.failures == 0
    }
}

/// The wait after the `failures`th failure in a row, counted from one.
pub fn delay_after(first: Duration, longest: Duration, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_never_overflow() {
        let (first, longest) = (Duration::from_millis(50), Duration::from_secs(10));
        let expected = [(0, 50), (1, 50), (2, 100), (3, 200), (8, 6400), (9, 10_000), (32, 10_000), (u32::MAX, 10_000)];
        for (failures, millis) in expected {
            assert_eq!(delay_after(first, longest, failures), Duration::from_millis(millis), "{failures}");
        }
    }

    #[test]
    fn jitter_lengthens_a_wait_by_no_more_than_itself() {
        let (wait, jitter) = (Duration::from_millis(100), Duration::from_millis(255));
        let mut backoff = Backoff::new(wait, wait).with_jitter(jitter);
        for _ in 0..100 {
            assert!((wait..=wait + jitter).contains(&backoff.next_wait()));
        }
    }
}
