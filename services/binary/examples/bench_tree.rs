//! How fast the tree is in memory: `cargo run --release -p binary --example bench_tree [MEMBERS]`.
//!
//! Three shapes: level order under the company, random sponsors, and one chain. Every member counts, pairs are
//! matched under the default plan, and the months pass.

use binary::domain::{InPlay, Input, Tree};
use domain::{Money, Side, Timestamp, UserId};
use std::io::Write;
use std::time::{Duration, Instant};

/// Inputs between two batches: what is in play is forgotten, as it is in the service.
const BATCH: u32 = 200;

fn user(n: u32) -> UserId {
    // Spread like the random half of real ids.
    let low = u64::from(n).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    UserId::from(uuid::Uuid::from_u64_pair(0x0190_0000_0000_7000 + (u64::from(n) << 16), low))
}

fn grow(members: u32, prefers: Option<Side>, mut sponsor: impl FnMut(u32) -> Option<u32>) -> (Tree, Duration, u64) {
    let (mut tree, mut in_play, mut pairs) = (Tree::default(), InPlay::default(), 0_u64);
    let first: Timestamp = Timestamp::UNIX_EPOCH;
    let started = Instant::now();
    for n in 1..=members {
        if n % BATCH == 0 {
            tree.keep();
            in_play = InPlay::default();
            tree.begin();
        }
        let sponsor = sponsor(n).map(user);
        let amount = Money::from_rupees(500);
        let input = Input::Placed { user: user(n), sponsor, prefers, distributor: false, amount };
        let Ok(outcome) = tree.apply(first.plus_secs(i64::from(n)), &input, &mut in_play) else { break };
        pairs += u64::try_from(outcome.made.len()).unwrap_or_default();
    }
    tree.keep();
    (tree, started.elapsed(), pairs)
}

fn report(out: &mut impl Write, shape: &str, (tree, took, pairs): (Tree, Duration, u64)) -> std::io::Result<()> {
    let members = u128::try_from(tree.arena().len()).unwrap_or_default();
    let per_second = members * 1_000_000 / took.as_micros().max(1);
    let bytes = u128::try_from(tree.arena().bytes()).unwrap_or_default() / members.max(1);
    writeln!(
        out,
        "{shape:<14} {members:>9} members {pairs:>9} pairs {:>7} ms {per_second:>9}/s {bytes:>4} bytes a member",
        took.as_millis()
    )
}

fn main() -> std::io::Result<()> {
    let members: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let mut out = std::io::stdout().lock();
    report(&mut out, "level order", grow(members, None, |_| None))?;
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = move |n: u32| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        u32::try_from(random % u64::from(n)).ok().filter(|n| *n > 0)
    };
    report(&mut out, "random sponsor", grow(members, None, &mut below))?;
    let chain = members.min(50_000);
    report(&mut out, "one chain", grow(chain, Some(Side::Left), |n| n.checked_sub(1).filter(|n| *n > 0)))
}
