//! What is measured every few seconds while the platform runs.

use std::collections::BTreeMap;
use std::time::Duration;

/// Which part of the run a sample belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// Before the first disturbance: the plateau that later samples are compared with.
    #[default]
    First,
    /// From the first disturbance until the platform has recovered from the last.
    Disturbed,
    /// After the last disturbance, under the same load as the first phase.
    Last,
    /// After the load has ended and the backlog is worked off.
    Settled,
}

impl Phase {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Disturbed => "disturbed",
            Self::Last => "last",
            Self::Settled => "settled",
        }
    }
}

/// The resources of one process with its children.
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

/// Work that is accepted and not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Backlog {
    /// Events in outboxes that are not sent.
    pub(crate) unsent: i64,
    /// Events in the queues of the broker.
    pub(crate) queued: i64,
    /// Events that wait for another one.
    pub(crate) waiting: i64,
    /// Events that could not be handled.
    pub(crate) parked: i64,
    /// Journal entries without a seal.
    pub(crate) unsealed: i64,
}

/// Answer times of the requests since the sample before, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

impl Latency {
    pub(crate) fn of(mut millis: Vec<u64>) -> Self {
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
    /// Whether `ledger/verify` ran since the sample before, which reads the whole ledger.
    pub(crate) verifying: bool,
    /// Operations completed since the start of the load.
    pub(crate) operations: u64,
    pub(crate) latency: Latency,
    pub(crate) processes: BTreeMap<String, Usage>,
    /// None where a database or the broker did not answer.
    pub(crate) backlog: Option<Backlog>,
    /// Rows that the database server has read since its start; blocks where the database is a file.
    pub(crate) rows_read: Option<u64>,
    pub(crate) database_kib: u64,
}

/// The middle value; zero of none.
pub(crate) fn median(values: impl IntoIterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_of_the_sorted_times() {
        let times: Vec<u64> = (0..200).rev().collect();
        assert_eq!(Latency::of(times), Latency { p50: 100, p99: 198 });
        assert_eq!(Latency::of(Vec::new()), Latency::default());
        assert_eq!((median([3, 1, 2]), median([])), (2, 0));
    }
}
