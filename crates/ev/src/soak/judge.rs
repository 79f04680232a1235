//! Whether the platform held, decided from samples and counts alone.

use super::sample::{Backlog, Phase, Sample, Usage, median};
use std::collections::BTreeSet;
use std::time::Duration;

/// Latency is judged only in runs of this length: in shorter ones a few slow answers decide it.
pub(crate) const LATENCY_FROM: Duration = Duration::from_mins(20);
/// Samples that each of the two compared phases needs, so that nothing passes for lack of evidence.
const SAMPLES_NEEDED: usize = 3;

/// How far the last phase may lie above the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Growth of the median resident memory of a process of the platform: so many per cent and so many KiB.
    pub(crate) memory_percent: u64,
    pub(crate) memory_kib: u64,
    /// Descriptors and threads above the highest count of the first phase, once the load has ended.
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    /// Growth of the rows read per operation: so many per cent and so many rows.
    pub(crate) rows_percent: u64,
    pub(crate) rows: u64,
    /// Rows read per operation in the last phase, whatever they were in the first.
    pub(crate) rows_at_most: u64,
    /// Growth of the median and of the 99th percentile of the answer times.
    pub(crate) latency_percent: u64,
    pub(crate) latency_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            memory_percent: 25,
            memory_kib: 32 * 1024,
            descriptors: 48,
            threads: 24,
            rows_percent: 50,
            rows: 500,
            rows_at_most: 10_000,
            latency_percent: 100,
            latency_ms: 50,
        }
    }
}

/// What the driver saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) duration: Duration,
    /// Operations that the rate asked for.
    pub(crate) planned: u64,
    pub(crate) completed: u64,
    /// Requests that failed outside a disturbance or in a way that no disturbance explains.
    pub(crate) failures: Vec<String>,
    /// Disturbances after which the platform was not ready in time, or that could not be carried out.
    pub(crate) not_recovered: Vec<String>,
    /// Entries posted before the settle window that have no seal.
    pub(crate) unsealed: i64,
    pub(crate) samples: Vec<Sample>,
    /// Names of the platform's own processes; the others are servers whose memory is not judged.
    pub(crate) own: BTreeSet<String>,
}

/// The outcome of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) held: bool,
    pub(crate) detail: String,
}

impl Check {
    pub(crate) fn new(name: impl Into<String>, held: bool, detail: impl Into<String>) -> Self {
        Self { name: name.into(), held, detail: detail.into() }
    }
    /// Holds where there is nothing to complain about.
    pub(crate) fn none(name: impl Into<String>, faults: &[String]) -> Self {
        let shown = faults.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
        let more = if faults.len() > 5 { format!("; and {} more", faults.len() - 5) } else { String::new() };
        Self::new(name, faults.is_empty(), format!("{shown}{more}"))
    }
}

pub(crate) fn judge(seen: &Seen, bounds: &Bounds) -> Vec<Check> {
    let mut checks = vec![
        evidence(seen),
        Check::none("no request failed but during a disturbance", &seen.failures),
        Check::none("the platform recovered from every disturbance", &seen.not_recovered),
        Check::new(
            "every entry older than the settle window is sealed",
            seen.unsealed == 0,
            format!("{} are not", seen.unsealed),
        ),
    ];
    checks.extend(backlog(seen));
    checks.push(of_processes(seen, "descriptors are back to the plateau", |name| {
        grew(seen, name, |u| u.descriptors, bounds.descriptors)
    }));
    checks.push(of_processes(seen, "threads are back to the plateau", |name| {
        grew(seen, name, |u| u.threads, bounds.threads)
    }));
    checks.push(memory(seen, bounds));
    checks.push(rows(seen, bounds));
    if seen.duration >= LATENCY_FROM {
        checks.push(latency(seen, bounds));
    }
    checks
}

fn of_phase(seen: &Seen, phase: Phase) -> impl Iterator<Item = &Sample> {
    seen.samples.iter().filter(move |s| s.phase == phase)
}

/// A run that measured nothing must not pass.
fn evidence(seen: &Seen) -> Check {
    let (first, last) = (of_phase(seen, Phase::First).count(), of_phase(seen, Phase::Last).count());
    let settled = of_phase(seen, Phase::Settled).count();
    let enough = first >= SAMPLES_NEEDED && last >= SAMPLES_NEEDED && settled >= 1;
    let reached = seen.completed.saturating_mul(2) >= seen.planned && seen.completed > 0;
    let detail = format!(
        "{} of {} operations, {first} samples before and {last} after the disturbances, {settled} at the end",
        seen.completed, seen.planned
    );
    Check::new("at least half of the planned load was carried and measured", enough && reached, detail)
}

fn backlog(seen: &Seen) -> Vec<Check> {
    let end = of_phase(seen, Phase::Settled).last().and_then(|s| s.backlog);
    let is_zero = |name: &str, of: fn(&Backlog) -> i64| {
        let detail = end.map_or_else(|| "not measured".to_owned(), |b| of(&b).to_string());
        Check::new(name, end.is_some_and(|b| of(&b) == 0), detail)
    };
    vec![
        is_zero("every outbox is empty at the end", |b| b.unsent),
        is_zero("every queue is empty at the end", |b| b.queued),
        is_zero("no event waits for another at the end", |b| b.waiting),
        is_zero("no event is parked", |b| b.parked),
    ]
}

/// Asks about each process; a process that was not measured at both ends is a fault.
fn of_processes(seen: &Seen, name: &str, fault: impl Fn(&str) -> Option<String>) -> Check {
    let mut faults: Vec<String> = seen.own.iter().filter_map(|process| fault(process)).collect();
    if seen.own.is_empty() {
        faults.push("no process was measured".to_owned());
    }
    Check::none(name, &faults)
}

fn usages<'a>(seen: &'a Seen, phase: Phase, name: &'a str) -> impl Iterator<Item = Usage> + 'a {
    of_phase(seen, phase).filter_map(move |s| s.processes.get(name).copied())
}

/// A count that is above the highest of the first phase by more than `most` once the load has ended.
fn grew(seen: &Seen, name: &str, of: fn(&Usage) -> u64, most: u64) -> Option<String> {
    let before = usages(seen, Phase::First, name).map(|u| of(&u)).max();
    let end = usages(seen, Phase::Settled, name).last().map(|u| of(&u));
    match (before, end) {
        (Some(before), Some(end)) => {
            (end > before.saturating_add(most)).then(|| format!("{name}: {before}, then {end}"))
        }
        _ => Some(format!("{name} was not measured")),
    }
}

fn memory(seen: &Seen, bounds: &Bounds) -> Check {
    let name = format!(
        "memory of the last phase is at most {} % + {} MiB above the first",
        bounds.memory_percent,
        bounds.memory_kib / 1024
    );
    of_processes(seen, &name, |process| {
        let of = |phase| median(usages(seen, phase, process).map(|u| u.resident_kib));
        let (first, last) = (of(Phase::First), of(Phase::Last));
        if first == 0 || last == 0 {
            return Some(format!("{process} was not measured"));
        }
        (last > grown(first, bounds.memory_percent, bounds.memory_kib))
            .then(|| format!("{process}: {} MiB, then {} MiB", first / 1024, last / 1024))
    })
}

const fn grown(value: u64, percent: u64, more: u64) -> u64 {
    value.saturating_add(value.saturating_mul(percent) / 100).saturating_add(more)
}

/// Rows read per operation in a phase, from pairs of samples between which the server ran on.
pub(crate) fn rows_per_operation(samples: &[Sample], phase: Phase) -> Option<u64> {
    let (mut rows, mut operations) = (0_u64, 0_u64);
    for (before, after) in samples.iter().zip(samples.iter().skip(1)) {
        let within = before.phase == phase && after.phase == phase && !after.verifying;
        let (Some(from), Some(to)) = (before.rows_read, after.rows_read) else { continue };
        // The counters of a server that was restarted begin at zero.
        if within && to >= from {
            rows = rows.saturating_add(to - from);
            operations = operations.saturating_add(after.operations.saturating_sub(before.operations));
        }
    }
    rows.checked_div(operations)
}

fn rows(seen: &Seen, bounds: &Bounds) -> Check {
    let name = format!(
        "rows read per operation grow by at most {} % + {} and stay below {}",
        bounds.rows_percent, bounds.rows, bounds.rows_at_most
    );
    let of = |phase| rows_per_operation(&seen.samples, phase);
    let (Some(first), Some(last)) = (of(Phase::First), of(Phase::Last)) else {
        return Check::new(name, false, "not measured");
    };
    let held = last <= grown(first, bounds.rows_percent, bounds.rows) && last <= bounds.rows_at_most;
    Check::new(name, held, format!("{first}, then {last}"))
}

fn latency(seen: &Seen, bounds: &Bounds) -> Check {
    let name = format!(
        "answer times of the last phase are at most {} % + {} ms above the first",
        bounds.latency_percent, bounds.latency_ms
    );
    let of =
        |phase, percentile: fn(&Sample) -> u64| median(of_phase(seen, phase).filter(|s| !s.verifying).map(percentile));
    let compare = |percentile: fn(&Sample) -> u64| (of(Phase::First, percentile), of(Phase::Last, percentile));
    let (p50, p99) = (compare(|s| s.latency.p50), compare(|s| s.latency.p99));
    let held = [p50, p99].iter().all(|(first, last)| *last <= grown(*first, bounds.latency_percent, bounds.latency_ms));
    Check::new(name, held, format!("p50 {} ms, then {} ms; p99 {} ms, then {} ms", p50.0, p50.1, p99.0, p99.1))
}

#[cfg(test)]
mod tests;
