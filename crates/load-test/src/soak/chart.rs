//! Text charts of a run.

use super::checks::rows_per_operation;
use super::sample::{Backlog, Phase, Sample, Usage, median};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Number of columns of a chart.
const COLUMNS: usize = 16;
const LABEL: usize = 26;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Evenly spaced samples for the columns, including the last one.
fn columns(samples: &[Sample]) -> Vec<&Sample> {
    let count = COLUMNS.min(samples.len());
    let last = samples.len().saturating_sub(1);
    (0..count).filter_map(|n| samples.get(last * n / count.saturating_sub(1).max(1))).collect()
}

fn row(label: &str, values: impl IntoIterator<Item = Option<u64>>) -> String {
    let values: Vec<Option<u64>> = values.into_iter().collect();
    let max = values.iter().flatten().copied().max().unwrap_or_default().max(1);
    let step = max.div_ceil(7).max(1);
    let bar = |value: &Option<u64>| {
        let height = value.map(|v| usize::try_from(v / step).unwrap_or_default());
        height.map_or(' ', |height| BARS.get(height).copied().unwrap_or('█'))
    };
    let bars: String = values.iter().map(bar).collect();
    let mut line = format!("{label:<LABEL$} {bars:<COLUMNS$}");
    for value in values {
        let number = value.map_or_else(|| "-".to_owned(), |v| v.to_string());
        // Writing to a String cannot fail.
        let _written = write!(line, " {number:>7}");
    }
    line
}

/// Label and value function of a curve.
type Curve<T, N> = (&'static str, fn(&T) -> N);

/// Draws all curves, one line each.
pub(crate) fn draw(samples: &[Sample]) -> Vec<String> {
    let selected = columns(samples);
    let mut lines = vec![
        row("seconds", selected.iter().map(|s| Some(s.at.as_secs()))),
        row("operations", selected.iter().map(|s| Some(s.operations))),
        row("latency p50, ms", selected.iter().map(|s| Some(s.latency.p50))),
        row("latency p99, ms", selected.iter().map(|s| Some(s.latency.p99))),
    ];
    let backlogs: [Curve<Backlog, i64>; 5] = [
        ("outboxes, events", |b| b.unsent),
        ("queues, events", |b| b.queued),
        ("waiting, events", |b| b.waiting),
        ("parked, events", |b| b.parked),
        ("unsealed, entries", |b| b.unsealed),
    ];
    for (label, of) in backlogs {
        let value = |s: &&Sample| s.backlog.as_ref().map(|b| u64::try_from(of(b)).unwrap_or_default());
        lines.push(row(label, selected.iter().map(value)));
    }
    lines.push(row("databases, MiB", selected.iter().map(|s| Some(s.database_kib / 1024))));
    let names: BTreeSet<&String> = samples.iter().flat_map(|s| s.processes.keys()).collect();
    let kinds: [Curve<Usage, u64>; 3] =
        [("MiB", |u| u.resident_kib / 1024), ("descriptors", |u| u.descriptors), ("threads", |u| u.threads)];
    for (unit, of) in kinds {
        for name in &names {
            let values = selected.iter().map(|s| s.processes.get(*name).map(of));
            lines.push(row(&format!("{name}, {unit}"), values));
        }
    }
    lines
}

/// Compares the first phase with the last.
pub(crate) fn compare(samples: &[Sample]) -> Vec<String> {
    let of = |phase, value: fn(&Sample) -> u64| {
        median(samples.iter().filter(|s| s.phase == phase && !s.verifying).map(value))
    };
    let line = |label: &str, value: fn(&Sample) -> u64| {
        format!(
            "{label:<LABEL$} {:>9} before, {:>9} after the disturbances",
            of(Phase::First, value),
            of(Phase::Last, value)
        )
    };
    let rows = |phase| rows_per_operation(samples, phase).map_or_else(|| "-".to_owned(), |rows| rows.to_string());
    vec![
        line("latency p50, ms", |s| s.latency.p50),
        line("latency p99, ms", |s| s.latency.p99),
        format!(
            "{:<LABEL$} {:>9} before, {:>9} after the disturbances",
            "rows read per operation",
            rows(Phase::First),
            rows(Phase::Last)
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_curve_shows_its_first_and_last_value_and_gaps() {
        let sample = |n: u64| Sample {
            at: Duration::from_secs(n),
            operations: n * 10,
            backlog: (n != 20).then(Backlog::default),
            ..Sample::default()
        };
        let samples: Vec<Sample> = (0..=40).map(sample).collect();
        let seconds: Vec<u64> = columns(&samples).iter().map(|s| s.at.as_secs()).collect();
        assert_eq!((seconds.len(), seconds.first(), seconds.last()), (COLUMNS, Some(&0), Some(&40)));
        assert!(columns(&[]).is_empty() && columns(&samples[..1]).len() == 1);
        let lines = draw(&samples);
        assert!(lines[1].starts_with("operations") && lines[1].ends_with(" 400"), "{}", lines[1]);
        assert_eq!(
            row("x", [Some(0), Some(70), None]).split_whitespace().collect::<Vec<_>>(),
            ["x", "▁█", "0", "70", "-"]
        );
    }
}
