//! Samples: measurements at regular intervals.

use std::collections::BTreeMap;
use std::time::Duration;

/// Phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// Before the first disturbance: the baseline.
    #[default]
    First,
    /// From the first disturbance until the platform has recovered from the last.
    Disturbed,
    /// After the last disturbance, under the same load as the first phase.
    Last,
    /// After the load, when the backlog is processed.
    Settled,
}

impl Phase {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Disturbed => "disturbed",
            Self::Last => "last",
            Self::Settled => "settled",
        }
    }
}

/// Resource usage of a process with its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    /// Processor time since the start of the process, in clock ticks.
    pub(crate) cpu_ticks: u64,
    /// Bytes read by system calls since the start of the process, in blocks of 4 KiB.
    pub(crate) blocks_read: u64,
}

/// Accepted work that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Backlog {
    /// Unsent events in outboxes.
    pub(crate) unsent: i64,
    /// Events in the queues of the broker.
    pub(crate) queued: i64,
    /// Events that wait for another event.
    pub(crate) waiting: i64,
    /// Parked events.
    pub(crate) parked: i64,
    /// Journal entries without a seal.
    pub(crate) unsealed: i64,
}

/// Response times of the requests since the previous sample, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

impl Latency {
    pub(crate) fn from_millis(mut millis: Vec<u64>) -> Self {
        millis.sort_unstable();
        let percentile = |p: usize| millis.get(millis.len().saturating_mul(p) / 100).copied().unwrap_or_default();
        Self { p50: percentile(50), p99: percentile(99) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sample {
    /// Since the start of the load.
    pub(crate) at: Duration,
    pub(crate) phase: Phase,
    /// Whether `GET /ledger/verify`, which reads the whole ledger, ran since the previous sample.
    pub(crate) verifying: bool,
    /// Operations completed since the start of the load.
    pub(crate) operations: u64,
    pub(crate) latency: Latency,
    pub(crate) processes: BTreeMap<String, Usage>,
    /// `None` where a database or the broker failed.
    pub(crate) backlog: Option<Backlog>,
    /// Rows read by the database server since its start; blocks where the database is a file.
    pub(crate) rows_read: Option<u64>,
    pub(crate) database_kib: u64,
}

/// The median; zero where there are no values.
pub(crate) fn median(values: impl IntoIterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_use_sorted_times() {
        let times: Vec<u64> = (0..200).rev().collect();
        assert_eq!(Latency::from_millis(times), Latency { p50: 100, p99: 198 });
        assert_eq!(Latency::from_millis(Vec::new()), Latency::default());
        assert_eq!((median([3, 1, 2]), median([])), (2, 0));
    }
}
