//! How fast the tree is in memory: `cargo run --release -p binary --example bench_tree [MEMBERS]`; scripts/bench-core
//! calls it.
//!
//! Every shape once under a plan without pairs, which is what places and leg counts alone cost, and once under the
//! default plan. Three shapes: level order under the company, random sponsors, and one chain. Every member counts,
//! and the months pass. The first two at growing sizes, to see whether a placement
//! costs more where there are more members; then the tree again from the rows of its journal. Each is the better
//! of two rounds, and beside it stands what the same machine takes to put the same ids into a `HashMap`: memory is
//! what both wait for.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use binary::domain::{InPlay, Input, Tree};
use domain::{Money, Plan, PlanBook, PlanVersion, Side, Timestamp, UserId};
use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::raw::ratio;

/// Inputs between two batches: what is in play is forgotten, as it is in the service.
const BATCH: usize = 200;

fn user(n: u32) -> UserId {
    // Spread like the random half of real ids.
    let low = u64::from(n).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    UserId::from(uuid::Uuid::from_u64_pair(0x0190_0000_0000_7000 + (u64::from(n) << 16), low))
}

/// The journal of `members` first payments, one a second, in a shape.
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

/// Somebody placed before, the same in every run.
fn scattered() -> impl FnMut(u32) -> Option<u32> {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    move |n| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        u32::try_from(random % u64::from(n)).ok().filter(|n| *n > 0)
    }
}

struct Grown {
    tree: Tree,
    took: Duration,
    pairs: usize,
}

/// A plan under which nobody matches: what is left are places and leg counts.
fn without_pairs() -> PlanBook {
    let mut plan = Plan::seed();
    plan.pairs.limit = 0;
    let mut book = PlanBook::seed();
    let version = PlanVersion { version: 2, effective_from: Timestamp::UNIX_EPOCH.plus_secs(1), plan };
    book.publish(version).unwrap();
    book
}

/// Applies the journal: as the writer does, who can take a batch back, or as a process that starts.
fn grow(journal: &[(Timestamp, Input)], is_writer: bool, book: PlanBook) -> Grown {
    let (mut tree, mut in_play, mut pairs) = (Tree::under(book), InPlay::default(), 0);
    let started = Instant::now();
    for batch in journal.chunks(BATCH) {
        tree.expect(batch.iter().map(|(_, input)| input));
        if is_writer {
            tree.begin();
        }
        for (at, input) in batch {
            let Ok(outcome) = tree.apply(*at, input, &mut in_play) else { break };
            pairs += outcome.made.len();
        }
        tree.keep();
        in_play = InPlay::default();
    }
    Grown { tree, took: started.elapsed(), pairs }
}

/// The better of two rounds.
fn best(journal: &[(Timestamp, Input)], is_writer: bool, book: fn() -> PlanBook) -> Grown {
    let first = grow(journal, is_writer, book());
    let took = first.took;
    drop(first);
    let second = grow(journal, is_writer, book());
    Grown { took: second.took.min(took), ..second }
}

/// How long a general map takes for the same ids.
fn mapped(journal: &[(Timestamp, Input)]) -> Duration {
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

fn report(out: &mut impl Write, shape: &str, grown: &Grown, map: Duration) -> std::io::Result<()> {
    let members = u128::try_from(grown.tree.arena().len()).unwrap_or_default().max(1);
    writeln!(
        out,
        "tree: {shape:<14} {members:>9} members {:>9} pairs {:>6} ms {:>8}/s {:>5} ns each, {:>5} of a map; {:>3} bytes each",
        grown.pairs,
        grown.took.as_millis(),
        members * 1_000_000 / grown.took.as_micros().max(1),
        grown.took.as_nanos() / members,
        ratio(grown.took, map),
        u128::try_from(grown.tree.arena().bytes()).unwrap_or_default() / members,
    )
}

fn main() -> std::io::Result<()> {
    let members: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let mut out = std::io::stdout().lock();
    let sizes = [members / 1_000, members / 100, members / 10, members];
    for size in sizes {
        let rows = journal(size, None, |_| None);
        let map = mapped(&rows);
        report(&mut out, "level order", &best(&rows, true, without_pairs), map)?;
        report(&mut out, "level order", &best(&rows, true, PlanBook::seed), map)?;
    }
    for size in sizes {
        let rows = journal(size, None, scattered());
        let map = mapped(&rows);
        report(&mut out, "random sponsor", &best(&rows, true, without_pairs), map)?;
        let grown = best(&rows, true, PlanBook::seed);
        report(&mut out, "random sponsor", &grown, map)?;
        let digest = grown.tree.digest();
        drop(grown);
        let again = best(&rows, false, PlanBook::seed);
        report(&mut out, "again, by rows", &again, map)?;
        if again.tree.digest() != digest {
            return Err(std::io::Error::other("the same rows made another tree"));
        }
    }
    let chain = journal(members.min(50_000), Some(Side::Left), |n| n.checked_sub(1).filter(|n| *n > 0));
    report(&mut out, "one chain", &best(&chain, true, PlanBook::seed), mapped(&chain))
}
