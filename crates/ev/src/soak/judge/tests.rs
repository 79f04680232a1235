//! Each check of the judgement, failing for its own reason and no other.

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

/// A run of half an hour in which everything held.
fn good() -> Seen {
    let phase = |second| match second {
        0..600 => Phase::First,
        600..1_200 => Phase::Disturbed,
        1_200..1_800 => Phase::Last,
        _ => Phase::Settled,
    };
    Seen {
        duration: Duration::from_mins(30),
        planned: 18_000,
        completed: 17_000,
        samples: (0..=1_800).step_by(5).map(|second| sample(second, phase(second))).collect(),
        own: ["wallet".to_owned()].into(),
        ..Seen::default()
    }
}

fn change(seen: &mut Seen, phase: Phase, change: impl Fn(&mut Sample)) {
    seen.samples.iter_mut().filter(|s| s.phase == phase).for_each(change);
}

/// The names of the checks that do not hold.
fn broken(seen: &Seen) -> Vec<String> {
    judge(seen, &Bounds::default()).into_iter().filter(|c| !c.held).map(|c| c.name).collect()
}

#[track_caller]
fn only(seen: &Seen, words: &str) {
    let broken = broken(seen);
    assert!(broken.len() == 1 && broken[0].contains(words), "{words}: {broken:?}");
}

#[test]
fn a_run_in_which_everything_held_passes_every_check() {
    let checks = judge(&good(), &Bounds::default());
    assert!(checks.len() == 13 && checks.iter().all(|c| c.held), "{checks:?}");
}

#[test]
fn a_run_that_carried_too_little_or_measured_too_little_fails() {
    only(&Seen { completed: 8_999, ..good() }, "planned load");
    assert_eq!(broken(&Seen { completed: 9_000, ..good() }), Vec::<String>::new());
    let mut seen = good();
    let mut last = 0;
    seen.samples.retain(|s| {
        s.phase != Phase::Last || {
            last += 1;
            last <= 2
        }
    });
    only(&seen, "planned load");
    assert_eq!(broken(&Seen { samples: Vec::new(), own: BTreeSet::new(), ..good() }).len(), 9);
}

#[test]
fn a_failed_request_and_a_disturbance_without_recovery_fail() {
    only(&Seen { failures: vec!["GET /wallet answered 500".into()], ..good() }, "no request failed");
    only(&Seen { not_recovered: vec!["mysql kill".into()], ..good() }, "recovered");
}

#[test]
fn an_unsealed_entry_fails() {
    only(&Seen { unsealed: 1, ..good() }, "sealed");
}

#[test]
fn each_kind_of_backlog_at_the_end_fails_and_during_the_run_does_not() {
    let kinds: [(&str, Backlog); 4] = [
        ("outbox", Backlog { unsent: 1, ..Backlog::default() }),
        ("queue", Backlog { queued: 1, ..Backlog::default() }),
        ("waits", Backlog { waiting: 1, ..Backlog::default() }),
        ("parked", Backlog { parked: 1, ..Backlog::default() }),
    ];
    for (words, backlog) in kinds {
        let mut seen = good();
        change(&mut seen, Phase::Last, |s| s.backlog = Some(backlog));
        assert_eq!(broken(&seen), Vec::<String>::new());
        change(&mut seen, Phase::Settled, |s| s.backlog = Some(backlog));
        only(&seen, words);
    }
    let mut seen = good();
    change(&mut seen, Phase::Settled, |s| s.backlog = None);
    assert_eq!(broken(&seen).len(), 4);
}

type Field = fn(&mut Usage) -> &mut u64;

fn usage(of: Field, value: u64) -> impl Fn(&mut Sample) {
    move |sample| sample.processes.values_mut().for_each(|usage| *of(usage) = value)
}

#[test]
fn descriptors_and_threads_that_stay_after_the_load_fail() {
    let kinds: [(&str, Field, u64); 2] =
        [("descriptors", |u| &mut u.descriptors, 80 + 48), ("threads", |u| &mut u.threads, 20 + 24)];
    for (words, of, most) in kinds {
        let mut seen = good();
        change(&mut seen, Phase::Last, usage(of, most * 10));
        change(&mut seen, Phase::Settled, usage(of, most));
        assert_eq!(broken(&seen), Vec::<String>::new());
        change(&mut seen, Phase::Settled, usage(of, most + 1));
        only(&seen, words);
    }
}

#[test]
fn memory_that_grows_beyond_its_bound_fails_for_own_processes_alone() {
    let most = 125_000 + 32 * 1024;
    let mut seen = good();
    change(&mut seen, Phase::Last, usage(|u| &mut u.resident_kib, most));
    assert_eq!(broken(&seen), Vec::<String>::new());
    change(&mut seen, Phase::Last, usage(|u| &mut u.resident_kib, most + 1));
    only(&seen, "memory");
    seen.own = ["another".to_owned()].into();
    assert_eq!(broken(&seen).len(), 3);
}

#[test]
fn rows_per_operation_that_grow_or_are_too_many_fail() {
    let read = |seen: &mut Seen, from: u64, each: u64| {
        let mut total = 0;
        for sample in &mut seen.samples {
            total += if sample.at.as_secs() > from { each * 50 } else { 5_000 };
            sample.rows_read = Some(total);
        }
    };
    let mut seen = good();
    read(&mut seen, 1_200, 650);
    assert_eq!(broken(&seen), Vec::<String>::new());
    read(&mut seen, 1_200, 651);
    only(&seen, "rows read");
    // From the beginning, so that nothing grows.
    read(&mut seen, 0, 10_001);
    only(&seen, "rows read");
}

#[test]
fn rows_read_while_the_ledger_is_verified_and_across_a_restart_do_not_count() {
    let mut seen = good();
    let mut total = 0;
    for (n, sample) in seen.samples.iter_mut().enumerate() {
        sample.verifying = n % 10 == 0;
        total += if sample.verifying { 5_000_000 } else { 5_000 };
        sample.rows_read = Some(if n == 300 { 0 } else { total });
        if n == 300 {
            total = 0;
        }
    }
    assert_eq!(broken(&seen), Vec::<String>::new());
    change(&mut seen, Phase::Last, |s| s.rows_read = None);
    only(&seen, "rows read");
}

#[test]
fn answer_times_are_judged_from_twenty_minutes_on() {
    let mut seen = good();
    change(&mut seen, Phase::Last, |s| s.latency = Latency { p50: 70, p99: 250 });
    assert_eq!(broken(&seen), Vec::<String>::new());
    change(&mut seen, Phase::Last, |s| s.latency = Latency { p50: 71, p99: 250 });
    only(&seen, "answer times");
    change(&mut seen, Phase::Last, |s| s.latency = Latency { p50: 70, p99: 251 });
    only(&seen, "answer times");
    seen.duration = Duration::from_secs(1_199);
    assert_eq!(broken(&seen), Vec::<String>::new());
}
