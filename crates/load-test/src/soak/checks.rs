//! Evaluation of a run: pure checks over samples and counts.

use super::sample::{Backlog, Phase, Sample, Usage, median};
use std::collections::BTreeSet;
use std::time::Duration;

/// Minimum duration of a run whose latency is checked. In shorter runs a few slow responses dominate.
pub(crate) const MIN_LATENCY_RUN: Duration = Duration::from_mins(20);
/// Minimum number of samples in each of the two compared phases, so that no check passes without data.
const MIN_SAMPLES: usize = 3;

/// Maximum growth from the first phase to the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Growth of the median resident memory of a platform process, in per cent plus KiB.
    pub(crate) memory_percent: u64,
    pub(crate) memory_kib: u64,
    /// Descriptors and threads after the load, above the highest count of the first phase.
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    /// Growth of the rows read per operation, in per cent plus rows.
    pub(crate) rows_percent: u64,
    pub(crate) rows: u64,
    /// Rows read per operation in the last phase, regardless of the first.
    pub(crate) max_rows: u64,
    /// Growth of the median and of the 99th percentile of the latency, in per cent plus milliseconds.
    pub(crate) latency_percent: u64,
    pub(crate) latency_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_percent: 25,
            memory_kib: 32 * 1024,
            descriptors: 48,
            threads: 24,
            rows_percent: 50,
            rows: 500,
            max_rows: 10_000,
            latency_percent: 100,
            latency_ms: 50,
        }
    }
}

/// Measurements of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observations {
    pub(crate) duration: Duration,
    /// Operations that were due by the rate.
    pub(crate) planned: u64,
    pub(crate) completed: u64,
    /// Failed requests that no disturbance explains.
    pub(crate) failures: Vec<String>,
    /// Disturbances that could not be executed, or after which the platform was not ready in time.
    pub(crate) not_recovered: Vec<String>,
    /// Entries posted before the settle window that have no seal.
    pub(crate) unsealed: i64,
    pub(crate) samples: Vec<Sample>,
    /// Names of the platform's processes; the memory of all others is not checked.
    pub(crate) own: BTreeSet<String>,
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) passed: bool,
    pub(crate) detail: String,
}

impl Check {
    pub(crate) fn new(name: impl Into<String>, passed: bool, detail: impl Into<String>) -> Self {
        Self { name: name.into(), passed, detail: detail.into() }
    }
    /// A check that passes where `faults` is empty; the detail lists the first five faults.
    pub(crate) fn no_faults(name: impl Into<String>, faults: &[String]) -> Self {
        let shown = faults.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
        let more = if faults.len() > 5 { format!("; and {} more", faults.len() - 5) } else { String::new() };
        Self::new(name, faults.is_empty(), format!("{shown}{more}"))
    }
}

/// Evaluates all checks of a run.
pub(crate) fn evaluate(observations: &Observations, limits: &Limits) -> Vec<Check> {
    let mut checks = vec![
        check_evidence(observations),
        Check::no_faults("no request failed outside a disturbance", &observations.failures),
        Check::no_faults("the platform recovered from every disturbance", &observations.not_recovered),
        Check::new(
            "every entry older than the settle window is sealed",
            observations.unsealed == 0,
            format!("{} are unsealed", observations.unsealed),
        ),
    ];
    checks.extend(check_backlog(observations));
    checks.push(check_processes(observations, "descriptors are back to the plateau", |name| {
        growth_fault(observations, name, |u| u.descriptors, limits.descriptors)
    }));
    checks.push(check_processes(observations, "threads are back to the plateau", |name| {
        growth_fault(observations, name, |u| u.threads, limits.threads)
    }));
    checks.push(check_memory(observations, limits));
    checks.push(check_rows(observations, limits));
    if observations.duration >= MIN_LATENCY_RUN {
        checks.push(check_latency(observations, limits));
    }
    checks
}

fn of_phase(observations: &Observations, phase: Phase) -> impl Iterator<Item = &Sample> {
    observations.samples.iter().filter(move |s| s.phase == phase)
}

/// Checks that the run produced enough data.
fn check_evidence(observations: &Observations) -> Check {
    let (first, last) = (of_phase(observations, Phase::First).count(), of_phase(observations, Phase::Last).count());
    let settled = of_phase(observations, Phase::Settled).count();
    let enough = first >= MIN_SAMPLES && last >= MIN_SAMPLES && settled >= 1;
    let reached = observations.completed.saturating_mul(2) >= observations.planned && observations.completed > 0;
    let detail = format!(
        "{} of {} operations, {first} samples before and {last} after the disturbances, {settled} at the end",
        observations.completed, observations.planned
    );
    Check::new("at least half of the planned load was completed and measured", enough && reached, detail)
}

fn check_backlog(observations: &Observations) -> Vec<Check> {
    let end = of_phase(observations, Phase::Settled).last().and_then(|s| s.backlog);
    let is_zero = |name: &str, of: fn(&Backlog) -> i64| {
        let detail = end.map_or_else(|| "not measured".to_owned(), |b| of(&b).to_string());
        Check::new(name, end.is_some_and(|b| of(&b) == 0), detail)
    };
    vec![
        is_zero("every outbox is empty at the end", |b| b.unsent),
        is_zero("every queue is empty at the end", |b| b.queued),
        is_zero("no event waits for another event at the end", |b| b.waiting),
        is_zero("no event is parked", |b| b.parked),
    ]
}

/// Checks each platform process. A run without processes is a fault.
fn check_processes(observations: &Observations, name: &str, find_fault: impl Fn(&str) -> Option<String>) -> Check {
    let mut faults: Vec<String> = observations.own.iter().filter_map(|process| find_fault(process)).collect();
    if observations.own.is_empty() {
        faults.push("no process was measured".to_owned());
    }
    Check::no_faults(name, &faults)
}

fn usages<'a>(observations: &'a Observations, phase: Phase, name: &'a str) -> impl Iterator<Item = Usage> + 'a {
    of_phase(observations, phase).filter_map(move |s| s.processes.get(name).copied())
}

/// Fault where a count after the load exceeds the highest count of the first phase by more than `limit`, or was not
/// measured.
fn growth_fault(observations: &Observations, name: &str, of: fn(&Usage) -> u64, limit: u64) -> Option<String> {
    let before = usages(observations, Phase::First, name).map(|u| of(&u)).max();
    let end = usages(observations, Phase::Settled, name).last().map(|u| of(&u));
    match (before, end) {
        (Some(before), Some(end)) => {
            (end > before.saturating_add(limit)).then(|| format!("{name}: {before}, then {end}"))
        }
        _ => Some(format!("{name} was not measured")),
    }
}

fn check_memory(observations: &Observations, limits: &Limits) -> Check {
    let name = format!(
        "memory of the last phase is at most {} % + {} MiB above the first",
        limits.memory_percent,
        limits.memory_kib / 1024
    );
    check_processes(observations, &name, |process| {
        let of = |phase| median(usages(observations, phase, process).map(|u| u.resident_kib));
        let (first, last) = (of(Phase::First), of(Phase::Last));
        if first == 0 || last == 0 {
            return Some(format!("{process} was not measured"));
        }
        (last > upper_limit(first, limits.memory_percent, limits.memory_kib))
            .then(|| format!("{process}: {} MiB, then {} MiB", first / 1024, last / 1024))
    })
}

const fn upper_limit(value: u64, percent: u64, more: u64) -> u64 {
    value.saturating_add(value.saturating_mul(percent) / 100).saturating_add(more)
}

/// Rows read per operation in a phase, from pairs of samples without a server restart in between.
pub(crate) fn rows_per_operation(samples: &[Sample], phase: Phase) -> Option<u64> {
    let (mut rows, mut operations) = (0_u64, 0_u64);
    for (before, after) in samples.iter().zip(samples.iter().skip(1)) {
        let within = before.phase == phase && after.phase == phase && !after.verifying;
        let (Some(from), Some(to)) = (before.rows_read, after.rows_read) else { continue };
        // A restart resets the counters to zero.
        if within && to >= from {
            rows = rows.saturating_add(to - from);
            operations = operations.saturating_add(after.operations.saturating_sub(before.operations));
        }
    }
    rows.checked_div(operations)
}

fn check_rows(observations: &Observations, limits: &Limits) -> Check {
    let name = format!(
        "rows read per operation grow by at most {} % + {} and stay below {}",
        limits.rows_percent, limits.rows, limits.max_rows
    );
    let of = |phase| rows_per_operation(&observations.samples, phase);
    let (Some(first), Some(last)) = (of(Phase::First), of(Phase::Last)) else {
        return Check::new(name, false, "not measured");
    };
    let passed = last <= upper_limit(first, limits.rows_percent, limits.rows) && last <= limits.max_rows;
    Check::new(name, passed, format!("{first}, then {last}"))
}

fn check_latency(observations: &Observations, limits: &Limits) -> Check {
    let name = format!(
        "latency of the last phase is at most {} % + {} ms above the first",
        limits.latency_percent, limits.latency_ms
    );
    let of = |phase, percentile: fn(&Sample) -> u64| {
        median(of_phase(observations, phase).filter(|s| !s.verifying).map(percentile))
    };
    let compare = |percentile: fn(&Sample) -> u64| (of(Phase::First, percentile), of(Phase::Last, percentile));
    let (p50, p99) = (compare(|s| s.latency.p50), compare(|s| s.latency.p99));
    let passed =
        [p50, p99].iter().all(|(first, last)| *last <= upper_limit(*first, limits.latency_percent, limits.latency_ms));
    Check::new(name, passed, format!("p50 {} ms, then {} ms; p99 {} ms, then {} ms", p50.0, p50.1, p99.0, p99.1))
}

#[cfg(test)]
mod tests;
