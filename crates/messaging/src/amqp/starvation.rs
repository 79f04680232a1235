//! Detection of a subscription that gets no events although its queue has some.

use std::time::Duration;
use tokio::time::Instant;

/// Time between two readings of a queue's length while nothing is delivered.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How long events may be ready for the only consumer of a queue without a delivery.
const MAX_WAIT_ALONE: Duration = Duration::from_secs(5);
/// The same with several consumers: of these one alone is served, and this may be another.
const MAX_WAIT_AMONG_OTHERS: Duration = Duration::from_secs(60);

/// Whether a subscription is served.
#[derive(Debug)]
pub(super) struct Starvation {
    check_at: Instant,
    /// When a reading first showed ready events, or no consumer, since the last delivery.
    starved_since: Option<Instant>,
}

impl Starvation {
    pub(super) fn new(now: Instant) -> Self {
        Self { check_at: now + CHECK_INTERVAL, starved_since: None }
    }

    /// When the length of the queue is to be read, unless something is delivered before.
    pub(super) fn check_at(&self) -> Instant {
        self.check_at
    }

    /// Something was delivered, or nothing can be said.
    pub(super) fn reset(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// Nothing was delivered, and the queue has `ready` events and `consumers`, of which this is one unless the broker
    /// has lost it. Whether to subscribe again.
    pub(super) fn observe(&mut self, now: Instant, ready: u32, consumers: u32) -> bool {
        self.check_at = now + CHECK_INTERVAL;
        if ready == 0 && consumers > 0 {
            self.starved_since = None;
            return false;
        }
        let since = *self.starved_since.get_or_insert(now);
        now - since >= if consumers > 1 { MAX_WAIT_AMONG_OTHERS } else { MAX_WAIT_ALONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the subscription counts as not served, in seconds; `readings` are the ready events at each check.
    fn starved_after(consumers: u32, readings: impl IntoIterator<Item = u32>) -> Option<u64> {
        let start = Instant::now();
        let mut starvation = Starvation::new(start);
        readings.into_iter().find_map(|ready| {
            let now = starvation.check_at();
            starvation.observe(now, ready, consumers).then(|| (now - start).as_secs())
        })
    }

    #[test]
    fn ready_events_without_a_delivery_mean_that_the_subscription_is_not_served() {
        let endless = |ready: u32| std::iter::repeat_n(ready, 100);
        assert_eq!(starved_after(1, endless(0)), None, "an empty queue");
        assert_eq!(starved_after(1, endless(1)), Some(8), "seen ready at 2 s, and 6 s later still");
        assert_eq!(starved_after(2, endless(1)), Some(62), "another consumer may be served");
        assert_eq!(starved_after(1, [1, 1, 0, 1, 1, 0]), None, "empty in between");
        assert_eq!(starved_after(0, endless(0)), Some(8), "the broker does not know this consumer");
    }

    #[test]
    fn a_delivery_begins_the_wait_anew() {
        let start = Instant::now();
        let mut starvation = Starvation::new(start);
        assert!(!starvation.observe(start, 1, 1));
        starvation.reset(start + MAX_WAIT_ALONE);
        assert!(!starvation.observe(start + MAX_WAIT_ALONE, 1, 1));
        assert!(starvation.observe(start + 2 * MAX_WAIT_ALONE, 1, 1));
    }
}
