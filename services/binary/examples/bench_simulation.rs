//! Benchmark of a simulation's memory: `cargo run --release -p binary --example bench_simulation [MEMBERS]`;
//! scripts/bench-core calls it.
//!
//! Random sponsors, one first payment a second, and one member in a hundred is refunded. Peak memory is that of the
//! process, which holds nothing but the replays.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first error")]

use binary::domain::Input;
use binary::domain::simulation::PlanReplay;
use domain::{Money, Plan, Timestamp, UserId};
use std::io::Write;
use std::time::Instant;

/// Inputs that are prefetched together.
const BATCH_INPUTS: usize = 256;

fn user(n: u32) -> UserId {
    let low = u64::from(n).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    UserId::from(uuid::Uuid::from_u64_pair(0x0190_0000_0000_7000 + (u64::from(n) << 16), low))
}

/// The inputs that a member causes: a placement, and for every hundredth member the refund of the one before.
fn inputs(members: u32) -> impl Iterator<Item = (Timestamp, Input)> {
    let (amount, mut random) = (Money::from_rupees(500), 0x2545_F491_4F6C_DD1D_u64);
    (1..=members).flat_map(move |n| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let sponsor = u32::try_from(random % u64::from(n)).ok().filter(|n| *n > 0).map(user);
        let placed = Input::Placed { user: user(n), sponsor, prefers: None, distributor: false, amount };
        let refunded = (n % 100 == 0).then(|| Input::Refunded { user: user(n - 1), amount });
        let at = Timestamp::UNIX_EPOCH.plus_secs(i64::from(n));
        std::iter::once(placed).chain(refunded).map(move |input| (at, input))
    })
}

fn replay(mut replay: PlanReplay, members: u32) -> PlanReplay {
    let mut inputs = inputs(members).peekable();
    while inputs.peek().is_some() {
        let batch: Vec<_> = inputs.by_ref().take(BATCH_INPUTS).collect();
        replay.prefetch(batch.iter().map(|(_, input)| input));
        for (at, input) in &batch {
            replay.apply(*at, input).unwrap();
        }
    }
    replay
}

/// Peak of the resident memory in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn main() {
    let members: u32 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let refunded = (1..=members).filter(|n| (n + 1) % 100 == 0).collect();
    let mut plan = Plan::seed();
    plan.pairs.gross = Money::from_rupees(600);
    let started = Instant::now();
    let published = replay(PlanReplay::published(refunded), members);
    let mut simulation = published.then_under(plan).unwrap();
    simulation.candidate = replay(simulation.candidate, members);
    let result = simulation.compare().unwrap();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "simulation of {members} placements: {} pairs, {} and {} better and worse off, {:.1} s, peak {} MiB",
        result.live.total.pairs,
        result.better_off,
        result.worse_off,
        started.elapsed().as_secs_f64(),
        peak_mib(),
    )
    .unwrap();
}
