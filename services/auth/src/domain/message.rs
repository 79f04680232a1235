//! Retry schedule of outgoing messages.

use domain::Timestamp;

/// Time for which one instance has a claimed message to itself.
pub(crate) const CLAIM_TIMEOUT_SECS: i64 = 30;
const FIRST_RETRY_SECS: i64 = 5;
const MAX_RETRY_SECS: i64 = 60;

/// Time of the next attempt after `attempts` failures: in 5, 10, 20, 40, then always 60 seconds.
pub(crate) fn next_attempt_at(attempts: i64, now: Timestamp) -> Timestamp {
    let doublings = attempts.clamp(1, 8) - 1;
    now.plus_secs((FIRST_RETRY_SECS << doublings).min(MAX_RETRY_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_between_attempts_grows_up_to_a_minute() {
        let waits: Vec<i64> =
            [0, 1, 2, 3, 4, 5, 100].map(|n| next_attempt_at(n, Timestamp::UNIX_EPOCH).micros() / 1_000_000).into();
        assert_eq!(waits, [5, 5, 10, 20, 40, 60, 60]);
    }
}
