//! Types of event that no queue takes, held back so that they do not keep the others waiting.

use super::backoff::Backoff;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_HOLD: Duration = Duration::from_secs(1);
/// A type that was not returned for as long after its hold is forgotten, too.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

struct Hold {
    backoff: Backoff,
    until: Instant,
    is_on: bool,
}

/// Which types are held, and how far the outbox was looked through meanwhile.
pub(super) struct Held {
    types: HashMap<String, Hold>,
    passed: i64,
}

impl Held {
    pub(super) fn new() -> Self {
        Self { types: HashMap::new(), passed: i64::MIN }
    }

    /// Holds a type of which an event was returned: longer each time, until one is taken again.
    pub(super) fn returned(&mut self, event_type: String, now: Instant) {
        let backoff = Backoff::new(FIRST_HOLD, LONGEST_HOLD);
        let hold = self.types.entry(event_type).or_insert(Hold { backoff, until: now, is_on: false });
        // Those that were under way together are returned together, and count once.
        if !hold.is_on {
            hold.until = now + hold.backoff.next();
            hold.is_on = true;
        }
    }

    /// Lets go what was held for long enough.
    pub(super) fn release(&mut self, now: Instant) {
        for hold in self.types.values_mut().filter(|hold| hold.is_on && hold.until <= now) {
            hold.is_on = false;
            self.passed = i64::MIN;
        }
        self.types.retain(|_, hold| now < hold.until + LONGEST_HOLD);
    }

    pub(super) fn holds(&self, event_type: &str) -> bool {
        self.types.get(event_type).is_some_and(|hold| hold.is_on)
    }

    /// The position after which to look: what is unsent up to there is held or under way.
    pub(super) const fn passed(&self) -> i64 {
        self.passed
    }

    /// Everything up to `position` was looked at. Where nothing is held, the next look is from the beginning again.
    pub(super) fn pass(&mut self, position: i64) {
        if self.types.values().any(|hold| hold.is_on) {
            self.passed = position;
        }
    }

    /// What was under way has to be sent again.
    pub(super) fn look_again(&mut self) {
        self.passed = i64::MIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_held_for_longer_each_time_and_the_outbox_looked_through_again_after_it() {
        let (mut held, mut now) = (Held::new(), Instant::now());
        held.pass(7);
        assert_eq!(held.passed(), i64::MIN, "nothing is held");
        for secs in [1, 2, 4, 8, 16, 32, 60, 60] {
            for _ in 0..3 {
                held.returned("a".to_owned(), now);
            }
            held.pass(7);
            now += Duration::from_secs(secs) - Duration::from_millis(1);
            held.release(now);
            assert!(held.holds("a") && !held.holds("b") && held.passed() == 7, "{secs}");
            now += Duration::from_millis(1);
            held.release(now);
            assert!(!held.holds("a") && held.passed() == i64::MIN, "{secs}");
        }
        now += LONGEST_HOLD;
        held.release(now);
        held.returned("a".to_owned(), now);
        held.release(now + FIRST_HOLD);
        assert!(!held.holds("a"), "it was forgotten");
    }
}
