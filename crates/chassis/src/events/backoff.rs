//! Waits that grow while something keeps failing.

use std::time::Duration;

/// Doubles from the first wait to the longest.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }
    /// The wait after one more failure.
    pub(crate) fn next(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        after(self.first, self.longest, self.failures)
    }
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
    /// Whether nothing failed since the last success; the first failure is worth a warning.
    pub(crate) fn is_fresh(&self) -> bool {
        self.failures == 0
    }
}

/// The wait after the `failures`th failure in a row, counted from one.
pub(crate) fn after(first: Duration, longest: Duration, failures: u32) -> Duration {
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
            assert_eq!(after(first, longest, failures), Duration::from_millis(millis), "{failures}");
        }
    }
}
