//! Event types without a queue, held back so that the relay can go on publishing other types.

use runtime::backoff::Backoff;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_HOLD: Duration = Duration::from_secs(1);
/// Also how long after its hold a type is forgotten, if no event of it was returned.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

struct Hold {
    backoff: Backoff,
    until: Instant,
    is_active: bool,
}

/// The held types, and how far the outbox was scanned while a type was held.
pub(crate) struct HeldTypes {
    types: HashMap<String, Hold>,
    scanned: i64,
}

impl HeldTypes {
    pub(crate) fn new() -> Self {
        Self { types: HashMap::new(), scanned: i64::MIN }
    }

    /// Holds a type of which the bus returned an event: longer each time, until an event of it is accepted.
    pub(crate) fn hold(&mut self, event_type: String, now: Instant) {
        let backoff = Backoff::new(FIRST_HOLD, LONGEST_HOLD);
        let hold = self.types.entry(event_type).or_insert(Hold { backoff, until: now, is_active: false });
        // Events in flight together are returned together, and count once.
        if !hold.is_active {
            hold.until = now + hold.backoff.next_wait();
            hold.is_active = true;
        }
    }

    /// Ends the holds that are due.
    pub(crate) fn release_due(&mut self, now: Instant) {
        for hold in self.types.values_mut().filter(|hold| hold.is_active && hold.until <= now) {
            hold.is_active = false;
            self.scanned = i64::MIN;
        }
        self.types.retain(|_, hold| now < hold.until + LONGEST_HOLD);
    }

    /// Whether events of this type are held now.
    pub(crate) fn is_held(&self, event_type: &str) -> bool {
        self.types.get(event_type).is_some_and(|hold| hold.is_active)
    }

    /// The position after which to read: unsent rows up to it are held or in flight.
    pub(crate) const fn scanned(&self) -> i64 {
        self.scanned
    }

    /// Records that the outbox was read up to `position`. Without a held type, the next read starts at the beginning.
    pub(crate) fn record_scanned(&mut self, position: i64) {
        if self.types.values().any(|hold| hold.is_active) {
            self.scanned = position;
        }
    }

    /// Starts the next read at the beginning, because events in flight have to be sent again.
    pub(crate) fn rescan(&mut self) {
        self.scanned = i64::MIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_held_for_longer_each_time_and_the_outbox_is_read_again_after_it() {
        let (mut held, mut now) = (HeldTypes::new(), Instant::now());
        held.record_scanned(7);
        assert_eq!(held.scanned(), i64::MIN, "nothing is held");
        for secs in [1, 2, 4, 8, 16, 32, 60, 60] {
            for _ in 0..3 {
                held.hold("a".to_owned(), now);
            }
            held.record_scanned(7);
            now += Duration::from_secs(secs) - Duration::from_millis(1);
            held.release_due(now);
            assert!(held.is_held("a") && !held.is_held("b") && held.scanned() == 7, "{secs}");
            now += Duration::from_millis(1);
            held.release_due(now);
            assert!(!held.is_held("a") && held.scanned() == i64::MIN, "{secs}");
        }
        now += LONGEST_HOLD;
        held.release_due(now);
        held.hold("a".to_owned(), now);
        held.release_due(now + FIRST_HOLD);
        assert!(!held.is_held("a"), "it was forgotten");
    }
}
