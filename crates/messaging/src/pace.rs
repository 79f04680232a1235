//! Spacing of batches under load.
//!
//! Each transaction and each statement costs the same however many events it handles. Under load it pays to let events
//! gather; an event that comes alone waits for nothing.

use std::time::Duration;
use tokio::time::Instant;

/// Least time between the beginnings of two batches, after one with several events.
const BATCH_INTERVAL: Duration = Duration::from_millis(60);

/// When the next batch may begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace(Instant);

impl Pace {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// A batch that is not full waits for more events until then.
    pub(crate) fn next_batch_at(self) -> Instant {
        self.0
    }

    /// A batch of `events` begins now.
    pub(crate) fn begin(&mut self, events: usize) {
        self.0 = Instant::now() + if events > 1 { BATCH_INTERVAL } else { Duration::ZERO };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_batch_of_several_events_delays_the_next_one() {
        let mut pace = Pace::new();
        for (events, delay) in [(0, Duration::ZERO), (1, Duration::ZERO), (2, BATCH_INTERVAL), (500, BATCH_INTERVAL)] {
            let before = Instant::now();
            pace.begin(events);
            assert!(pace.next_batch_at() >= before + delay, "{events}");
            assert!(pace.next_batch_at() <= Instant::now() + delay, "{events}");
        }
    }
}
