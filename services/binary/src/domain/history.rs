//! Property tests: random histories in which the tree and the reference tree must agree at every step.

mod ops;

use super::input::Input;
use super::rules::{MAX_OPENING_PAIRS, ReferenceTree};
use super::simulation::{Comparison, PlanReplay};
use super::snapshot::{SnapshotHead, SnapshotLoader};
use super::{Tree, VoidablePairs};
use domain::plan::{LimitPer, OverLimit};
use domain::{Money, Plan, PlanHistory, PlanVersion, Side, Timestamp, UserId};
use ops::{Op, op};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

fn user(node: usize) -> UserId {
    UserId::from(uuid::Uuid::from_u128(u128::try_from(node).unwrap() * 7919))
}

type Journal = Vec<(Timestamp, Input)>;

/// An open batch.
struct PendingRollback {
    inputs_left: usize,
    digest: u64,
    voidable_pairs: VoidablePairs,
    inputs: Journal,
}

/// The tree, the reference tree and the state of one random history.
struct HistoryRun {
    tree: Tree,
    voidable_pairs: VoidablePairs,
    reference: ReferenceTree,
    clock: Timestamp,
    payments: Vec<(UserId, Money)>,
    pending_rollback: Option<PendingRollback>,
    journal: Journal,
}

impl HistoryRun {
    fn new(limit: u32) -> Self {
        let mut run = Self {
            tree: Tree::default(),
            voidable_pairs: VoidablePairs::default(),
            reference: ReferenceTree::with_plans(PlanHistory::seed()),
            clock: "2026-10-20T10:00:00Z".parse().unwrap(),
            payments: Vec::new(),
            pending_rollback: None,
            journal: Vec::new(),
        };
        run.publish(|plan| plan.pairs.limit = limit);
        run
    }

    /// Number of nodes, with the company.
    fn count(&self) -> usize {
        1 + self.tree.members().len()
    }

    /// Applies an input to both trees, and returns the earner and the slot of each pair made.
    fn apply(&mut self, input: Input) -> Vec<(u32, Option<u32>)> {
        let outcome = self.reference.apply(self.clock, &input).expect("a valid input");
        let made = outcome.made.iter().map(|made| (made.earner, made.slot)).collect();
        assert_eq!(self.tree.apply(self.clock, &input, &mut self.voidable_pairs), Ok(outcome));
        self.journal.push((self.clock, input.clone()));
        if let Some(mut pending) = self.pending_rollback.take() {
            pending.inputs.push((self.clock, input));
            pending.inputs_left -= 1;
            if pending.inputs_left > 0 {
                self.pending_rollback = Some(pending);
            } else {
                self.repeat(pending);
            }
        }
        made
    }

    /// Rolls a batch back and applies it again.
    fn repeat(&mut self, pending: PendingRollback) {
        let after = self.tree.digest();
        self.tree.rollback();
        assert_eq!(self.tree.digest(), pending.digest, "a rolled back batch changed the tree");
        self.voidable_pairs = pending.voidable_pairs;
        self.tree.prefetch(pending.inputs.iter().map(|(_, input)| input));
        for (at, input) in pending.inputs {
            self.tree.apply(at, &input, &mut self.voidable_pairs).expect("as before");
        }
        assert_eq!(self.tree.digest(), after, "the same inputs gave another tree");
    }

    /// Replaces the tree by the one that its snapshot gives.
    fn reload(&mut self, part_nodes: u32) {
        let head = SnapshotHead::of(&self.tree);
        let parts = (0..).map_while(|part| head.encode_part(&self.tree, part_nodes, part).expect("a valid tree"));
        let parts: Vec<Vec<u8>> = parts.collect();
        let stored = serde_json::to_string(&head).expect("JSON");
        let mut loader = SnapshotLoader::new(serde_json::from_str(&stored).expect("the same head"));
        parts.iter().for_each(|part| loader.add(part).expect("valid nodes"));
        self.tree = loader.finish().expect("the same tree");
    }

    /// Applies an input that both trees refuse, outside of a batch.
    fn apply_refused(&mut self, input: &Input) {
        if self.pending_rollback.is_some() {
            return;
        }
        let before = self.tree.digest();
        let expected = self.reference.apply(self.clock, input);
        assert!(expected.is_err(), "{input:?}");
        self.tree.begin();
        assert_eq!(self.tree.apply(self.clock, input, &mut self.voidable_pairs), expected);
        self.tree.rollback();
        assert_eq!(self.tree.digest(), before, "a refused input changed the tree");
    }

    fn publish(&mut self, change: impl FnOnce(&mut Plan)) {
        let mut plan = Plan::seed();
        change(&mut plan);
        let plans = self.tree.plans();
        let effective_from = self.clock.max(plans.valid().last().unwrap().effective_from).plus_secs(1);
        let version = plans.versions().last().unwrap().version + 1;
        self.apply(Input::PlanPublished(Box::new(PlanVersion { version, effective_from, plan })));
    }

    /// Withdraws a version, which is refused when it has begun.
    fn withdraw(&mut self, version: usize) {
        let versions = self.tree.plans().versions();
        let chosen = &versions[version % versions.len()];
        let has_begun = chosen.effective_from <= self.clock.max(self.tree.time());
        let input = Input::PlanWithdrawn(chosen.version);
        if has_begun { self.apply_refused(&input) } else { drop(self.apply(input)) }
    }

    fn step(&mut self, op: Op) {
        let count = self.count();
        let placed = |number: usize| (number != 0).then(|| user(number));
        match op {
            Op::Place { sponsor, prefers, amount, distributor } => {
                let (user, sponsor, amount) = (user(count), placed(sponsor % count), Money::from_rupees(amount));
                self.apply(Input::Placed { user, sponsor, prefers, distributor, amount });
                self.payments.push((user, amount));
            }
            Op::PlaceManually { parent, side } => {
                let (parent, child) = (parent % count, u32::try_from(parent % count).unwrap());
                let is_free = self.tree.node(child).unwrap().children.get(side).is_none();
                let (user, parent) = (user(count), placed(parent));
                let input = Input::PlacedManually { user, sponsor: None, parent, side, distributor: true };
                if is_free { drop(self.apply(input)) } else { self.apply_refused(&input) }
            }
            Op::Pay { member, amount } if count > 1 => {
                let (user, amount) = (user(1 + member % (count - 1)), Money::from_rupees(amount));
                self.apply(Input::Paid { user, amount });
                self.payments.push((user, amount));
            }
            Op::Refund { payment } if !self.payments.is_empty() => {
                let (user, amount) = self.payments.swap_remove(payment % self.payments.len());
                self.apply(Input::Refunded { user, amount });
            }
            Op::Label { member, on } if count > 1 => {
                self.apply(Input::Labelled { user: user(1 + member % (count - 1)), distributor: on });
            }
            Op::AdvanceClock { hours } => self.clock = self.clock.plus_hours(hours),
            Op::StartDay { finishes } => {
                self.apply(Input::DayStarted);
                while finishes && self.tree.is_opening() {
                    self.apply(Input::PeriodOpened);
                }
            }
            Op::ContinueOpening => drop(self.apply(Input::PeriodOpened)),
            Op::Publish { limit, flush, daily, labelled, active_from } => self.publish(|plan| {
                plan.pairs.limit = limit;
                plan.pairs.over_limit = if flush { OverLimit::Flush } else { OverLimit::Carry };
                plan.pairs.limit_per = if daily { LimitPer::Day } else { LimitPer::Month };
                plan.pairs.require_distributor = labelled;
                plan.active_buyer_from = Money::from_rupees(active_from * 1_000);
            }),
            Op::Withdraw { version } => self.withdraw(version),
            Op::Refused { kind, member } if count > 1 => self.refuse(kind, user(1 + member % (count - 1)), count),
            Op::RollBack { inputs } if self.pending_rollback.is_none() => {
                self.tree.begin();
                self.pending_rollback = Some(PendingRollback {
                    inputs_left: inputs,
                    digest: self.tree.digest(),
                    voidable_pairs: self.voidable_pairs.clone(),
                    inputs: Vec::new(),
                });
            }
            Op::Reload { part } if self.pending_rollback.is_none() => self.reload(part),
            Op::Pay { .. }
            | Op::Refund { .. }
            | Op::Label { .. }
            | Op::Refused { .. }
            | Op::RollBack { .. }
            | Op::Reload { .. } => {}
        }
    }

    /// Applies an input that the rules refuse.
    fn refuse(&mut self, kind: usize, known: UserId, count: usize) {
        let unknown = user(count);
        let (distributor, sponsor, one) = (false, Some(known), Money::from_rupees(1));
        let place = |user, sponsor, amount| Input::Placed { user, sponsor, prefers: None, distributor, amount };
        let (version, effective_from, plan) = (99, Timestamp::UNIX_EPOCH, Plan::seed());
        self.apply_refused(&match kind {
            0 => place(known, sponsor, one),
            1 => place(unknown, Some(user(count + 1)), one),
            2 => place(unknown, sponsor, Money::ZERO),
            3 => Input::Refunded { user: unknown, amount: one },
            4 => Input::Paid { user: known, amount: Money::ZERO },
            _ => Input::PlanPublished(Box::new(PlanVersion { version, effective_from, plan })),
        });
    }

    /// Compares every node, and replays the whole journal once more.
    fn finish(mut self) {
        if self.pending_rollback.take().is_some() {
            self.tree.commit();
        }
        for index in 0..u32::try_from(self.count()).unwrap() {
            assert_eq!(self.tree.node(index), self.reference.node(index));
        }
        let mut again = Tree::default();
        let (mut voidable_pairs, mut outstanding) = (VoidablePairs::default(), HashMap::new());
        for chunk in self.journal.chunks(7) {
            again.prefetch(chunk.iter().map(|(_, input)| input));
            for (at, input) in chunk {
                let outcome = again.apply(*at, input, &mut voidable_pairs).expect("as before");
                outstanding.retain(|key, _| !outcome.voided.contains(key));
                let paid = outcome.made.iter().filter(|made| made.slot.is_some());
                outstanding.extend(paid.map(|made| ((made.earner, made.number), made.pay.available)));
            }
        }
        assert_eq!(again.digest(), self.tree.digest());
        self.simulate(&outstanding);
    }

    /// A simulation that remembers the pairs of refunded members alone equals one that remembers all of them.
    fn simulate(&self, outstanding: &HashMap<(u32, u32), Money>) {
        let is_refund =
            |input: &Input| if let Input::Refunded { user, .. } = input { self.tree.find(*user) } else { None };
        let refunded = self.journal.iter().filter_map(|(_, input)| is_refund(input)).collect();
        let simulated = simulate(&self.journal, refunded);
        assert_eq!(simulated, simulate(&self.journal, (0..u32::try_from(self.count()).unwrap()).collect()));
        let total = &simulated.live.total;
        assert_eq!(usize::try_from(total.pairs), Ok(outstanding.len()));
        assert_eq!(Ok(total.net), Money::total(outstanding.values().copied()));
    }
}

fn simulate(journal: &Journal, refunded: HashSet<u32>) -> Comparison {
    let mut published = PlanReplay::published(refunded);
    journal.iter().for_each(|(at, input)| published.apply(*at, input).expect("as before"));
    let mut plan = Plan::seed();
    plan.pairs.gross = Money::from_rupees(600);
    let mut simulation = published.then_under(plan).expect("a valid plan");
    journal.iter().for_each(|(at, input)| simulation.candidate.apply(*at, input).expect("as before"));
    simulation.compare().expect("sums in range")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn a_random_history_gives_the_same_tree_and_pairs_as_the_reference_tree(
        limit in prop_oneof![Just(1u32), Just(2), Just(10), Just(1000)],
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let mut run = HistoryRun::new(limit);
        for op in ops {
            run.step(op);
        }
        run.finish();
    }
}

/// Enough members in one leg to require a frontier.
#[test]
fn members_of_long_legs_are_matched_in_order() {
    let mut run = HistoryRun::new(100_000);
    run.clock = run.clock.plus_hours(1);
    let mut random = 0x1234_5678_u64;
    let mut next = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap()
    };
    run.step(Op::Place { sponsor: 0, prefers: None, amount: 500, distributor: false });
    for n in 0..650 {
        let side = if n < 420 || n % 7 == 0 { Side::Left } else { Side::Right };
        run.step(match n % 23 {
            5 => Op::Refund { payment: next() },
            6 => Op::Pay { member: next(), amount: 700 },
            7 => Op::RollBack { inputs: 5 },
            8 => Op::PlaceManually { parent: next(), side },
            9 => Op::Place { sponsor: next(), prefers: Some(side), amount: 500, distributor: false },
            _ => Op::Place { sponsor: 1, prefers: Some(side), amount: 500, distributor: false },
        });
    }
    run.finish();
}

/// Places a member below the first one, and returns the earner and the slot of each pair made.
fn join(run: &mut HistoryRun, prefers: Side) -> Vec<(u32, Option<u32>)> {
    let (sponsor, amount) = ((run.count() > 1).then(|| user(1)), Money::from_rupees(500));
    let input = Input::Placed { user: user(run.count()), sponsor, prefers: Some(prefers), distributor: false, amount };
    run.apply(input)
}

#[test]
fn the_limit_allows_exactly_its_number_of_pairs_and_carries_the_next() {
    let mut run = HistoryRun::new(2);
    run.clock = run.clock.plus_hours(1);
    let mut slots = Vec::new();
    for side in [Side::Left, Side::Left, Side::Right, Side::Left, Side::Right, Side::Left, Side::Right] {
        slots.extend(join(&mut run, side).into_iter().filter(|(earner, _)| *earner == 1));
    }
    assert_eq!(slots, [(1, Some(1)), (1, Some(2))]);
    assert_eq!(run.tree.node(1).map(|top| top.backlog()), Some(1));
    run.clock = run.clock.plus_hours(24 * 31);
    assert_eq!(run.apply(Input::DayStarted), [(1, Some(1))]);
    run.finish();
}

#[test]
fn an_opening_stops_before_the_next_earner_once_it_has_made_its_pairs() {
    for earners in 1..=3 {
        // Without slots every earner carries, until a plan with slots takes effect.
        let mut run = HistoryRun::new(0);
        run.clock = run.clock.plus_hours(1);
        join(&mut run, Side::Left);
        for parent in 1..=earners {
            for side in [Side::Left, Side::Right] {
                let (user, sponsor, amount) = (user(run.count()), Some(user(parent)), Money::from_rupees(500));
                run.apply(Input::Placed { user, sponsor, prefers: Some(side), distributor: false, amount });
            }
        }
        run.publish(|plan| plan.pairs.limit = 1);
        run.clock = run.clock.plus_hours(1);
        let made = run.apply(Input::DayStarted).len();
        assert_eq!((made, run.tree.is_opening()), (earners.min(MAX_OPENING_PAIRS), earners >= MAX_OPENING_PAIRS));
        assert_eq!(run.apply(Input::PeriodOpened).len(), earners - made);
        assert!(!run.tree.is_opening());
        assert_eq!(run.apply(Input::PeriodOpened), []);
        run.finish();
    }
}
