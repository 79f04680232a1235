//! When a message that could not be sent is tried again.

use domain::Timestamp;

/// An instance that takes a message on has it to itself for this long.
pub(crate) const CLAIM_SECS: i64 = 30;
const LONGEST_WAIT_SECS: i64 = 60;

/// The next try after `attempts` that failed: 5, 10, 20, 40, then every 60 seconds.
pub(crate) fn next_try(attempts: i64, now: Timestamp) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 8) - 1).unwrap_or(0);
    now.plus_secs((5_i64 << doublings).min(LONGEST_WAIT_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_up_to_a_minute() {
        let waits: Vec<i64> =
            [0, 1, 2, 3, 4, 5, 100].map(|n| next_try(n, Timestamp::UNIX_EPOCH).micros() / 1_000_000).into();
        assert_eq!(waits, [5, 5, 10, 20, 40, 60, 60]);
    }
}
