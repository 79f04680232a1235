//! Exponential backoff of retries and of status checks.

use domain::Timestamp;

const FIRST_DELAY_SECS: i64 = 15;
const MAX_DELAY_SECS: i64 = 3_600;

/// Time of the next attempt after `attempts` failures: 15 seconds, doubling up to an hour.
pub fn next_attempt(attempts: i64, now: Timestamp) -> Timestamp {
    let doublings = attempts.saturating_sub(1).clamp(0, 16);
    let delay = (0..doublings).fold(FIRST_DELAY_SECS, |delay, _| delay.saturating_mul(2).min(MAX_DELAY_SECS));
    now.plus_secs(delay)
}

const FIRST_CHECK_DELAY_SECS: i64 = 900;
const MAX_CHECK_DELAY_SECS: i64 = 86_400;

/// Time of the next status check of a pending operation after `checks` checks: 15 minutes, doubling up to a day.
pub fn next_status_check(checks: i64, now: Timestamp) -> Timestamp {
    let doublings = checks.clamp(0, 16);
    now.plus_secs(
        (0..doublings).fold(FIRST_CHECK_DELAY_SECS, |wait, _| wait.saturating_mul(2).min(MAX_CHECK_DELAY_SECS)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_an_hour() {
        let now = Timestamp::UNIX_EPOCH;
        for (attempts, secs) in
            [(0, 15), (1, 15), (2, 30), (3, 60), (8, 1_920), (9, 3_600), (10, 3_600), (i64::MAX, 3_600)]
        {
            assert_eq!(next_attempt(attempts, now), now.plus_secs(secs), "{attempts}");
        }
    }
}
