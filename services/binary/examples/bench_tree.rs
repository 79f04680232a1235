//! Benchmark of the tree in memory: `cargo run --release -p binary --example bench_tree [MEMBERS]`; scripts/bench-core
//! calls it.
//!
//! Three shapes: level order under the company, random sponsors, and one chain. Each runs under a plan without pairs,
//! which measures positions and leg counts alone, and under the default plan. Every member counts, and several months
//! pass. The first two run at growing sizes, to show whether the cost of a placement grows with the tree; random
//! sponsors also as a replay of the journal. Each figure is the better of two rounds, beside the time of inserting the
//! same ids into a `HashMap` on the same machine, because both are bound by memory latency.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first error")]

use binary::domain::snapshot::{SnapshotHead, SnapshotLoader};
use binary::domain::{Input, Tree, VoidablePairs};
use domain::{Money, Plan, PlanHistory, PlanVersion, Side, Timestamp, UserId};
use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::sql_baseline::ratio;

/// Inputs of a batch: the voidable pairs are dropped after each, as in the service.
const BATCH_INPUTS: usize = 200;
/// Nodes of a part of a snapshot.
const PART_NODES: u32 = 20_000;

fn user(n: u32) -> UserId {
    // Distributed like the random half of real ids.
    let low = u64::from(n).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    UserId::from(uuid::Uuid::from_u64_pair(0x0190_0000_0000_7000 + (u64::from(n) << 16), low))
}

/// A journal of `members` first payments, one a second.
fn journal(
    members: u32,
    prefers: Option<Side>,
    mut sponsor: impl FnMut(u32) -> Option<u32>,
) -> Vec<(Timestamp, Input)> {
    let amount = Money::from_rupees(500);
    let placed = |n| {
        let input = Input::Placed { user: user(n), sponsor: sponsor(n).map(user), prefers, distributor: false, amount };
        (Timestamp::UNIX_EPOCH.plus_secs(i64::from(n)), input)
    };
    (1..=members).map(placed).collect()
}

/// A random member placed before, the same in every run.
fn random_sponsor() -> impl FnMut(u32) -> Option<u32> {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    move |n| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        u32::try_from(random % u64::from(n)).ok().filter(|n| *n > 0)
    }
}

struct RunResult {
    tree: Tree,
    elapsed: Duration,
    pairs: usize,
}

/// A plan without pairs: positions and leg counts only.
fn without_pairs() -> PlanHistory {
    let mut plan = Plan::seed();
    plan.pairs.limit = 0;
    let mut plans = PlanHistory::seed();
    let version = PlanVersion { version: 2, effective_from: Timestamp::UNIX_EPOCH.plus_secs(1), plan };
    plans.publish(version).unwrap();
    plans
}

/// Applies the journal, either as the writer (with an undo log) or as a starting process (without).
fn run(journal: &[(Timestamp, Input)], is_writer: bool, plans: PlanHistory) -> RunResult {
    let (mut tree, mut voidable_pairs, mut pairs) = (Tree::with_plans(plans), VoidablePairs::default(), 0);
    let started = Instant::now();
    for batch in journal.chunks(BATCH_INPUTS) {
        tree.prefetch(batch.iter().map(|(_, input)| input));
        if is_writer {
            tree.begin();
        }
        for (at, input) in batch {
            let Ok(outcome) = tree.apply(*at, input, &mut voidable_pairs) else { break };
            pairs += outcome.made.len();
        }
        tree.commit();
        voidable_pairs = VoidablePairs::default();
    }
    RunResult { tree, elapsed: started.elapsed(), pairs }
}

/// The better of two rounds.
fn best(journal: &[(Timestamp, Input)], is_writer: bool, plans: fn() -> PlanHistory) -> RunResult {
    let first = run(journal, is_writer, plans());
    let elapsed = first.elapsed;
    drop(first);
    let second = run(journal, is_writer, plans());
    RunResult { elapsed: second.elapsed.min(elapsed), ..second }
}

/// Time of inserting the same ids into a `HashMap`.
fn hash_map_time(journal: &[(Timestamp, Input)]) -> Duration {
    let round = || {
        let started = Instant::now();
        let mut map = HashMap::new();
        for (n, id) in journal.iter().filter_map(|(_, input)| input.user()).enumerate() {
            map.insert(id, n);
        }
        black_box(&map);
        started.elapsed()
    };
    round().min(round())
}

fn report(out: &mut impl Write, shape: &str, result: &RunResult, map: Duration) -> std::io::Result<()> {
    let members = u128::try_from(result.tree.members().len()).unwrap_or_default().max(1);
    writeln!(
        out,
        "tree: {shape:<14} {members:>9} members {:>9} pairs {:>6} ms {:>8}/s {:>5} ns each, {:>5} of a map; {:>3} bytes each",
        result.pairs,
        result.elapsed.as_millis(),
        members * 1_000_000 / result.elapsed.as_micros().max(1),
        result.elapsed.as_nanos() / members,
        ratio(result.elapsed, map),
        u128::try_from(result.tree.bytes()).unwrap_or_default() / members,
    )
}

/// Saves a tree as a snapshot in memory and loads it, beside the replay of the journal that the load replaces.
fn report_snapshot(out: &mut impl Write, tree: &Tree, replay: Duration) -> std::io::Result<()> {
    let started = Instant::now();
    let head = SnapshotHead::of(tree);
    let parts: Vec<Vec<u8>> = (0..).map_while(|part| head.encode_part(tree, PART_NODES, part).unwrap()).collect();
    let saved = started.elapsed();
    let started = Instant::now();
    let mut loader = SnapshotLoader::new(head);
    parts.iter().for_each(|part| loader.add(part).unwrap());
    let loaded = loader.finish().unwrap();
    let load = started.elapsed();
    let members = loaded.members().len().max(1);
    writeln!(
        out,
        "tree: snapshot of {members:>9} members: {} bytes each, saved in {} ms, loaded in {} ms, {} of the replay without its rows",
        parts.iter().map(Vec::len).sum::<usize>() / members,
        saved.as_millis(),
        load.as_millis(),
        ratio(load, replay),
    )
}

fn main() -> std::io::Result<()> {
    let members: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let mut out = std::io::stdout().lock();
    let sizes = [members / 1_000, members / 100, members / 10, members];
    for size in sizes {
        let rows = journal(size, None, |_| None);
        let map = hash_map_time(&rows);
        report(&mut out, "level order", &best(&rows, true, without_pairs), map)?;
        report(&mut out, "level order", &best(&rows, true, PlanHistory::seed), map)?;
    }
    for size in sizes {
        let rows = journal(size, None, random_sponsor());
        let map = hash_map_time(&rows);
        report(&mut out, "random sponsor", &best(&rows, true, without_pairs), map)?;
        let result = best(&rows, true, PlanHistory::seed);
        report(&mut out, "random sponsor", &result, map)?;
        let digest = result.tree.digest();
        drop(result);
        let again = best(&rows, false, PlanHistory::seed);
        report(&mut out, "again, by rows", &again, map)?;
        if again.tree.digest() != digest {
            return Err(std::io::Error::other("the same rows gave a different tree"));
        }
        report_snapshot(&mut out, &again.tree, again.elapsed)?;
        writeln!(out, "tree: digest {digest:016x}")?;
    }
    let chain = journal(members.min(50_000), Some(Side::Left), |n| n.checked_sub(1).filter(|n| *n > 0));
    report(&mut out, "one chain", &best(&chain, true, PlanHistory::seed), hash_map_time(&chain))
}
