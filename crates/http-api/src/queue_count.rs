//! Lengths of the work queues of a service, for badges.

use domain::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The highest count of a queue: a longer one is capped, so that counting stays cheap.
const MAX_COUNT: u16 = 1_000;

/// How many items a statement reads to count a queue: one more than the highest count.
pub const QUEUE_COUNT_LIMIT: i64 = 1_001;

/// Lengths of all queues of a service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QueueCounts {
    items: Vec<QueueCount>,
}

impl From<Vec<QueueCount>> for QueueCounts {
    fn from(items: Vec<QueueCount>) -> Self {
        Self { items }
    }
}

/// Length of one queue.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueueCount {
    queue: &'static str,
    /// At most 1000.
    count: u16,
    /// Whether there are more.
    is_capped: bool,
    /// Since when the oldest waits; null for an empty queue.
    oldest_at: Option<Timestamp>,
}

impl QueueCount {
    /// `times` are those of the first [`QUEUE_COUNT_LIMIT`] items, oldest first.
    pub fn new(queue: &'static str, times: &[Timestamp]) -> Self {
        Self::of(queue, times.len(), times.first().copied())
    }

    /// A queue whose length is known.
    pub fn of(queue: &'static str, length: usize, oldest_at: Option<Timestamp>) -> Self {
        let count = u16::try_from(length).map_or(MAX_COUNT, |length| length.min(MAX_COUNT));
        Self { queue, count, is_capped: length > usize::from(MAX_COUNT), oldest_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_capped_above_a_thousand() {
        let at = |n: usize| QueueCount::of("q", n, None);
        for (length, count, is_capped) in
            [(0, 0, false), (999, 999, false), (1_000, 1_000, false), (1_001, 1_000, true)]
        {
            assert_eq!((at(length).count, at(length).is_capped), (count, is_capped), "{length}");
        }
        assert_eq!((at(70_000).count, at(70_000).is_capped), (1_000, true));
    }
}
