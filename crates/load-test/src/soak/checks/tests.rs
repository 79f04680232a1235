//! Tests of the checks: each fails for its own reason only.

use super::*;
use crate::soak::sample::Latency;

fn sample(second: u64, phase: Phase) -> Sample {
    let usage = Usage { resident_kib: 100_000, descriptors: 80, threads: 20, cpu_ticks: second, blocks_read: second };
    Sample {
        at: Duration::from_secs(second),
        phase,
        operations: second * 10,
        latency: Latency { p50: 10, p99: 100 },
        processes: ["wallet", "mysql"].map(|name| (name.to_owned(), usage)).into(),
        backlog: Some(Backlog::default()),
        rows_read: Some(second * 1_000),
        ..Sample::default()
    }
}

/// A run of half an hour that passes all checks.
fn good() -> Observations {
    let phase = |second| match second {
        0..600 => Phase::First,
        600..1_200 => Phase::Disturbed,
        1_200..1_800 => Phase::Last,
        _ => Phase::Settled,
    };
    Observations {
        duration: Duration::from_mins(30),
        planned: 18_000,
        completed: 17_000,
        samples: (0..=1_800).step_by(5).map(|second| sample(second, phase(second))).collect(),
        own: ["wallet".to_owned()].into(),
        ..Observations::default()
    }
}

fn change(observations: &mut Observations, phase: Phase, change: impl Fn(&mut Sample)) {
    observations.samples.iter_mut().filter(|s| s.phase == phase).for_each(change);
}

/// Names of the failed checks.
fn failed_checks(observations: &Observations) -> Vec<String> {
    evaluate(observations, &Limits::default()).into_iter().filter(|c| !c.passed).map(|c| c.name).collect()
}

#[track_caller]
fn assert_only_failure(observations: &Observations, name: &str) {
    let failed = failed_checks(observations);
    assert!(failed.len() == 1 && failed[0].contains(name), "{name}: {failed:?}");
}

#[test]
fn a_good_run_passes_every_check() {
    let checks = evaluate(&good(), &Limits::default());
    assert!(checks.len() == 13 && checks.iter().all(|c| c.passed), "{checks:?}");
}

#[test]
fn a_run_with_too_few_operations_or_samples_fails() {
    assert_only_failure(&Observations { completed: 8_999, ..good() }, "planned load");
    assert_eq!(failed_checks(&Observations { completed: 9_000, ..good() }), Vec::<String>::new());
    let mut observations = good();
    let mut last = 0;
    observations.samples.retain(|s| {
        s.phase != Phase::Last || {
            last += 1;
            last <= 2
        }
    });
    assert_only_failure(&observations, "planned load");
    assert_eq!(failed_checks(&Observations { samples: Vec::new(), own: BTreeSet::new(), ..good() }).len(), 9);
}

#[test]
fn a_failed_request_and_a_disturbance_without_recovery_fail() {
    assert_only_failure(
        &Observations { failures: vec!["GET /wallet answered 500".into()], ..good() },
        "no request failed",
    );
    assert_only_failure(&Observations { not_recovered: vec!["mysql kill".into()], ..good() }, "recovered");
}

#[test]
fn an_unsealed_entry_fails() {
    assert_only_failure(&Observations { unsealed: 1, ..good() }, "sealed");
}

#[test]
fn a_backlog_fails_at_the_end_and_not_during_the_run() {
    let kinds: [(&str, Backlog); 4] = [
        ("outbox", Backlog { unsent: 1, ..Backlog::default() }),
        ("queue", Backlog { queued: 1, ..Backlog::default() }),
        ("waits", Backlog { waiting: 1, ..Backlog::default() }),
        ("parked", Backlog { parked: 1, ..Backlog::default() }),
    ];
    for (name, backlog) in kinds {
        let mut observations = good();
        change(&mut observations, Phase::Last, |s| s.backlog = Some(backlog));
        assert_eq!(failed_checks(&observations), Vec::<String>::new());
        change(&mut observations, Phase::Settled, |s| s.backlog = Some(backlog));
        assert_only_failure(&observations, name);
    }
    let mut observations = good();
    change(&mut observations, Phase::Settled, |s| s.backlog = None);
    assert_eq!(failed_checks(&observations).len(), 4);
}

type Field = fn(&mut Usage) -> &mut u64;

fn usage(of: Field, value: u64) -> impl Fn(&mut Sample) {
    move |sample| sample.processes.values_mut().for_each(|usage| *of(usage) = value)
}

#[test]
fn leaked_descriptors_and_threads_fail() {
    let kinds: [(&str, Field, u64); 2] =
        [("descriptors", |u| &mut u.descriptors, 80 + 48), ("threads", |u| &mut u.threads, 20 + 24)];
    for (name, of, limit) in kinds {
        let mut observations = good();
        change(&mut observations, Phase::Last, usage(of, limit * 10));
        change(&mut observations, Phase::Settled, usage(of, limit));
        assert_eq!(failed_checks(&observations), Vec::<String>::new());
        change(&mut observations, Phase::Settled, usage(of, limit + 1));
        assert_only_failure(&observations, name);
    }
}

#[test]
fn memory_growth_above_the_limit_fails_for_platform_processes_only() {
    let limit = 125_000 + 32 * 1024;
    let mut observations = good();
    change(&mut observations, Phase::Last, usage(|u| &mut u.resident_kib, limit));
    assert_eq!(failed_checks(&observations), Vec::<String>::new());
    change(&mut observations, Phase::Last, usage(|u| &mut u.resident_kib, limit + 1));
    assert_only_failure(&observations, "memory");
    observations.own = ["another".to_owned()].into();
    assert_eq!(failed_checks(&observations).len(), 3);
}

#[test]
fn too_many_rows_per_operation_fail() {
    let read = |observations: &mut Observations, from: u64, each: u64| {
        let mut total = 0;
        for sample in &mut observations.samples {
            total += if sample.at.as_secs() > from { each * 50 } else { 5_000 };
            sample.rows_read = Some(total);
        }
    };
    let mut observations = good();
    read(&mut observations, 1_200, 650);
    assert_eq!(failed_checks(&observations), Vec::<String>::new());
    read(&mut observations, 1_200, 651);
    assert_only_failure(&observations, "rows read");
    // From the beginning, so there is no growth.
    read(&mut observations, 0, 10_001);
    assert_only_failure(&observations, "rows read");
}

#[test]
fn rows_read_by_a_verification_or_across_a_restart_do_not_count() {
    let mut observations = good();
    let mut total = 0;
    for (n, sample) in observations.samples.iter_mut().enumerate() {
        sample.verifying = n % 10 == 0;
        total += if sample.verifying { 5_000_000 } else { 5_000 };
        sample.rows_read = Some(if n == 300 { 0 } else { total });
        if n == 300 {
            total = 0;
        }
    }
    assert_eq!(failed_checks(&observations), Vec::<String>::new());
    change(&mut observations, Phase::Last, |s| s.rows_read = None);
    assert_only_failure(&observations, "rows read");
}

#[test]
fn latency_is_checked_from_twenty_minutes_on() {
    let mut observations = good();
    change(&mut observations, Phase::Last, |s| s.latency = Latency { p50: 70, p99: 250 });
    assert_eq!(failed_checks(&observations), Vec::<String>::new());
    change(&mut observations, Phase::Last, |s| s.latency = Latency { p50: 71, p99: 250 });
    assert_only_failure(&observations, "latency");
    change(&mut observations, Phase::Last, |s| s.latency = Latency { p50: 70, p99: 251 });
    assert_only_failure(&observations, "latency");
    observations.duration = Duration::from_secs(1_199);
    assert_eq!(failed_checks(&observations), Vec::<String>::new());
}
