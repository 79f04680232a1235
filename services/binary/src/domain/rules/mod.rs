//! Rules of the tree: the specification of positions, counting, pairs and their pay.
//!
//! [`ReferenceTree`] states each rule in the plainest code: it scans all nodes and all pairs, and stores nothing that
//! it can compute. [`MatchingTerms`] holds the decisions about one pair. The engine (`domain/engine`) finds slots and
//! members without scans and calls the same decisions; `domain/history.rs` runs random histories through both and
//! compares every outcome.
//!
//! # Rules
//!
//! **Time.** An input happens at the later of its own time and the time of the input before. That time selects the
//! plan version, the day and the month, in India.
//!
//! **Placement.** The tree is binary: a node has a left and a right child. The company is the root. A member's first
//! payment places the member in the nearest free slot below the sponsor, the nearest placed member up the referral
//! chain: the shallowest level first, and the leftmost slot of that level (level order). With a preferred side, the
//! search stays in that leg of the sponsor. An administrator may choose any free slot instead. A position never
//! changes.
//!
//! **Counting.** A member counts while the net amount paid (payments less refunds) is above zero. The *matching order*
//! is the sequence number of the input with which the member started to count. A member who stops and counts again
//! gets a new, later matching order. A leg count is the number of counting members of a leg.
//!
//! **Matching.** When a member starts or stops to count, every earner above is matched, nearest first. A pair takes the
//! first member in matching order of each leg, among the counting members that no outstanding pair of this earner
//! uses. An earner makes pairs until a leg has no such member or the limit carries. The company earns nothing. If the
//! plan requires the distributor label, only members with the label earn, and one who gets the label is matched at
//! once. Pairs of an earner are numbered from 1 without gaps.
//!
//! **Limit.** A pair takes the next slot of the earner's period, a day or a month, while fewer slots than the plan's
//! limit are used. Over the limit the plan either *carries*, so no pair is made and the members stay unmatched, or
//! *flushes*, so the pair is made and uses its members, but has no slot and no pay.
//!
//! **Pay.** The plan in force decides the gross and its parts from the pair's number and whether the earner is an
//! Active Buyer. That status is decided at each payment and refund of the earner, by the plan in force then.
//!
//! **Voiding.** When a member stops counting, every outstanding pair that uses the member is voided, nearest earner
//! first. The other member of a voided pair can be matched again. The number and the slot of a voided pair stay used.
//! Then every earner above is matched.
//!
//! **Opening of a period.** The start of a business day matches every earner, in the order of placement. An input stops
//! before the next earner once it has made [`MAX_OPENING_PAIRS`] pairs or visited [`MAX_OPENING_NODES`] nodes; the next
//! `PeriodOpened` continues there.
//!
//! # Example
//!
//! The limit is one pair a month, and the plan carries. A is placed below the company; the others have A as sponsor.
//!
//! | # | input | effect |
//! |---|---|---|
//! | 1 | A pays 500 | A: left of the company |
//! | 2 | B pays 500 | B: left of A |
//! | 3 | C pays 500 | C: right of A. Pair 1 of A: B and C, slot 1 |
//! | 4 | D pays 500 | D: left of B, the leftmost free slot of the level |
//! | 5 | E pays 500 | E: right of B. Pair 1 of B: D and E, slot 1 |
//! | 6 | F pays 500 | F: left of C. A has D, E and F unmatched, but no slot left: carried |
//! | 7 | the next month starts | Pair 2 of A: D and F, slot 1 of the new month |
//! | 8 | C gets 500 back | Pair 1 of A is voided: B is unmatched again; the right leg has no other member |
//! | 9 | C pays 500 | C counts again, with matching order 9. A has B, E and C unmatched: carried |
//! | 10 | the next month starts | Pair 3 of A: B, the first in matching order, and C |
//!
//! With a plan that flushes, input 6 would make pair 2 of A, of D and F, without a slot and without pay.

mod matching_terms;
mod reference_tree;

pub use matching_terms::{MatchingTerms, SlotDecision};
pub use reference_tree::ReferenceTree;

use super::input::TreeError;
use chrono::Datelike;
use domain::{Day, Money};

/// Nodes visited by one input of a period opening at most.
pub const MAX_OPENING_NODES: usize = 1_000_000;
/// Pairs made by one input of a period opening, after which it visits no further node.
pub const MAX_OPENING_PAIRS: usize = if cfg!(test) { 2 } else { 2_000 };

/// Whether a member with this net amount paid counts.
pub const fn counts(net_paid: Money) -> bool {
    net_paid.is_positive()
}

/// The amount of a payment or refund. Errors with `BadAmount` when it is not above zero.
pub fn positive(amount: Money) -> Result<Money, TreeError> {
    if amount.is_positive() { Ok(amount) } else { Err(TreeError::BadAmount) }
}

/// A day as a number: `YYYYMMDD`.
pub fn day_number(day: Day) -> u32 {
    day.month().number() * 100 + day.date().day()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, InputOutcome};
    use domain::plan::OverLimit;
    use domain::{Plan, PlanHistory, PlanVersion, Side, Timestamp, UserId};

    fn user(name: char) -> UserId {
        UserId::from(uuid::Uuid::from_u128(u128::from(u32::from(name))))
    }

    fn placed(name: char, sponsor: Option<char>) -> Input {
        let amount = Money::from_rupees(500);
        Input::Placed { user: user(name), sponsor: sponsor.map(user), prefers: None, distributor: false, amount }
    }

    /// Runs the example of the file head under a plan with one pair a month.
    fn run_example(over_limit: OverLimit) -> Vec<InputOutcome> {
        let mut plan = Plan::seed();
        (plan.pairs.limit, plan.pairs.over_limit) = (1, over_limit);
        let mut plans = PlanHistory::seed();
        let effective_from = Timestamp::UNIX_EPOCH.plus_secs(1);
        plans.publish(PlanVersion { version: 2, effective_from, plan }).expect("a valid plan");
        let mut tree = ReferenceTree::with_plans(plans);
        let (user, amount) = (user('C'), Money::from_rupees(500));
        let mut inputs = vec![("2026-11-10", placed('A', None))];
        inputs.extend(('B'..='F').map(|name| ("2026-11-10", placed(name, Some('A')))));
        inputs.extend([
            ("2026-12-01", Input::DayStarted),
            ("2026-12-02", Input::Refunded { user, amount }),
            ("2026-12-03", Input::Paid { user, amount }),
            ("2027-01-01", Input::DayStarted),
        ]);
        let starts_at = |day: &str| day.parse::<Day>().expect("a day").starts_at();
        inputs.into_iter().map(|(day, input)| tree.apply(starts_at(day), &input).expect("valid")).collect()
    }

    /// Earner, number, left, right and slot of the pairs of one input.
    fn pairs(outcome: &InputOutcome) -> Vec<(u32, u32, u32, u32, Option<u32>)> {
        outcome.made.iter().map(|made| (made.earner, made.number, made.left, made.right, made.slot)).collect()
    }

    #[test]
    fn the_example_of_the_file_head_is_what_the_reference_tree_does() {
        const A: u32 = 1;
        let [b, c, d, e, f] = [2, 3, 4, 5, 6];
        let outcomes = run_example(OverLimit::Carry);
        let positions: Vec<_> = outcomes.iter().filter_map(|o| o.placed).map(|at| (at.parent, at.side)).collect();
        let expected = [(0, Side::Left), (A, Side::Left), (A, Side::Right), (b, Side::Left), (b, Side::Right)];
        assert_eq!(positions, [expected.as_slice(), &[(c, Side::Left)]].concat());
        let made: Vec<_> = outcomes.iter().map(pairs).collect();
        let one = |earner, number, left, right| vec![(earner, number, left, right, Some(1))];
        assert_eq!(made[..3], [vec![], vec![], one(A, 1, b, c)]);
        assert_eq!(made[3..7], [vec![], one(b, 1, d, e), vec![], one(A, 2, d, f)]);
        assert_eq!(made[7..], [vec![], vec![], one(A, 3, b, c)]);
        assert_eq!(outcomes[7].voided, [(A, 1)]);
    }

    #[test]
    fn a_plan_that_flushes_makes_the_pair_without_a_slot_and_without_pay() {
        let outcomes = run_example(OverLimit::Flush);
        assert_eq!(pairs(&outcomes[5]), [(1, 2, 4, 6, None)]);
        assert!(outcomes[5].made[0].pay.gross.is_zero() && !outcomes[4].made[0].pay.gross.is_zero());
    }
}
