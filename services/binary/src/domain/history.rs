//! Property tests: random histories in which the tree and the reference model must agree at every step.

use super::input::{Input, InputOutcome};
use super::model::{Model, ModelPair, side_index};
use super::{Tree, VoidablePairs};
use domain::plan::{LimitPer, OverLimit};
use domain::{Money, Plan, PlanVersion, Side, Timestamp, UserId};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Op {
    Place {
        sponsor: usize,
        prefers: Option<Side>,
        amount: i64,
        distributor: bool,
    },
    PlaceManually {
        parent: usize,
        side: Side,
    },
    Pay {
        member: usize,
        amount: i64,
    },
    Refund {
        payment: usize,
    },
    Label {
        member: usize,
        on: bool,
    },
    AdvanceClock {
        hours: i64,
    },
    StartDay,
    Publish {
        limit: u32,
        flush: bool,
        daily: bool,
        labelled: bool,
        /// In thousands.
        active_from: i64,
    },
    /// Applies the given number of following inputs, rolls them back, and applies them again.
    RollBack {
        inputs: usize,
    },
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Left), Just(Side::Right)]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (any::<usize>(), prop::option::weighted(0.3, side()), 1..8_000i64, any::<bool>())
            .prop_map(|(sponsor, prefers, amount, distributor)| Op::Place { sponsor, prefers, amount, distributor }),
        1 => (any::<usize>(), side()).prop_map(|(parent, side)| Op::PlaceManually { parent, side }),
        3 => (any::<usize>(), 1..8_000i64).prop_map(|(member, amount)| Op::Pay { member, amount }),
        3 => any::<usize>().prop_map(|payment| Op::Refund { payment }),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(member, on)| Op::Label { member, on }),
        1 => (-30..400i64).prop_map(|hours| Op::AdvanceClock { hours }),
        1 => Just(Op::StartDay),
        1 => (0..4u32, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), 1..4i64)
            .prop_map(|(limit, flush, daily, labelled, active_from)| Op::Publish { limit, flush, daily, labelled, active_from }),
        1 => (1..8usize).prop_map(|inputs| Op::RollBack { inputs }),
    ]
}

fn user(node: usize) -> UserId {
    UserId::from(uuid::Uuid::from_u128(u128::try_from(node).unwrap() * 7919))
}

type Journal = Vec<(Timestamp, Input)>;

/// The tree, its reference model and the state of one random history.
struct HistoryRun {
    tree: Tree,
    voidable_pairs: VoidablePairs,
    model: Model,
    clock: Timestamp,
    payments: Vec<(usize, i64)>,
    /// Inputs left until the rollback, with the state to restore.
    pending_rollback: Option<(usize, u64, VoidablePairs, Journal)>,
    journal: Journal,
}

impl HistoryRun {
    fn new(limit: u32) -> Self {
        let mut run = Self {
            tree: Tree::default(),
            voidable_pairs: VoidablePairs::default(),
            model: Model::new(),
            clock: "2026-10-20T10:00:00Z".parse().unwrap(),
            payments: Vec::new(),
            pending_rollback: None,
            journal: Vec::new(),
        };
        run.publish(limit, |_| {});
        run
    }

    fn apply(&mut self, input: Input) -> InputOutcome {
        let outcome = self.tree.apply(self.clock, &input, &mut self.voidable_pairs).expect("a valid input");
        self.model.seq += 1;
        assert_eq!(outcome.seq, self.model.seq);
        self.model.time = self.model.time.max(self.clock);
        assert_eq!(outcome.at, self.model.time);
        self.journal.push((self.clock, input.clone()));
        if let Some((left, digest, voidable_pairs, mut inputs)) = self.pending_rollback.take() {
            inputs.push((self.clock, input));
            if left > 1 {
                self.pending_rollback = Some((left - 1, digest, voidable_pairs, inputs));
            } else {
                let after = self.tree.digest();
                self.tree.rollback();
                assert_eq!(self.tree.digest(), digest, "a rolled back batch changed the tree");
                self.voidable_pairs = voidable_pairs;
                self.tree.prefetch(inputs.iter().map(|(_, input)| input));
                for (at, input) in inputs {
                    self.tree.apply(at, &input, &mut self.voidable_pairs).expect("as before");
                }
                assert_eq!(self.tree.digest(), after, "the same inputs gave another tree");
            }
        }
        outcome
    }

    fn publish(&mut self, limit: u32, change: impl FnOnce(&mut Plan)) {
        let mut plan = Plan::seed();
        plan.pairs.limit = limit;
        change(&mut plan);
        let last = self.model.plans.last().unwrap().0;
        let effective_from = self.clock.max(last).plus_secs(1);
        let version = u32::try_from(self.model.plans.len()).unwrap() + 1;
        self.apply(Input::PlanPublished(Box::new(PlanVersion { version, effective_from, plan: plan.clone() })));
        self.model.plans.push((effective_from, plan));
    }

    fn check(&self, outcome: &InputOutcome, made: &[ModelPair], voided: &[(usize, u32)]) {
        let to_usize = |x: u32| usize::try_from(x).unwrap();
        let actual: Vec<_> = outcome
            .made
            .iter()
            .map(|p| (to_usize(p.earner), p.number, to_usize(p.left), to_usize(p.right), p.slot))
            .collect();
        assert_eq!(actual, made);
        for p in &outcome.made {
            let plan = self.model.plan();
            let active = self.model.nodes[to_usize(p.earner)].active;
            assert_eq!(p.earner_active_buyer, active);
            assert_eq!(p.period, plan.pairs.period(outcome.at));
            if p.slot.is_some() {
                assert_eq!(p.pay, plan.pair_pay(p.number, active).unwrap());
            } else {
                assert!(p.pay.gross.is_zero());
            }
        }
        let actual: Vec<_> = outcome.voided.iter().map(|(e, n)| (to_usize(*e), *n)).collect();
        assert_eq!(actual, voided);
    }

    fn step(&mut self, op: Op) {
        let count = self.model.nodes.len();
        let mut made = Vec::new();
        match op {
            Op::Place { sponsor, prefers, amount, distributor } => {
                let sponsor = sponsor % count;
                let (parent, side) = self.model.find_vacancy(sponsor, prefers);
                let input = Input::Placed {
                    user: user(count),
                    sponsor: (sponsor != 0).then(|| user(sponsor)),
                    prefers,
                    distributor,
                    amount: Money::from_rupees(amount),
                };
                let outcome = self.apply(input);
                let new = self.model.place(parent, side, distributor);
                let placed = outcome.placed.unwrap();
                assert_eq!((usize::try_from(placed.parent).unwrap(), side_index(placed.side)), (parent, side));
                self.model.pay(new, amount, &mut made);
                self.payments.push((new, amount));
                self.check(&outcome, &made, &[]);
            }
            Op::PlaceManually { parent, side } => {
                let parent = parent % count;
                if self.model.nodes[parent].children[side_index(side)].is_some() {
                    return;
                }
                let parent_id = (parent != 0).then(|| user(parent));
                let outcome = self.apply(Input::PlacedManually {
                    user: user(count),
                    sponsor: None,
                    parent: parent_id,
                    side,
                    distributor: true,
                });
                self.model.place(parent, side_index(side), true);
                self.check(&outcome, &[], &[]);
            }
            Op::Pay { member, amount } if count > 1 => {
                let member = 1 + member % (count - 1);
                let outcome = self.apply(Input::Paid { user: user(member), amount: Money::from_rupees(amount) });
                self.model.pay(member, amount, &mut made);
                self.payments.push((member, amount));
                self.check(&outcome, &made, &[]);
            }
            Op::Refund { payment } if !self.payments.is_empty() => {
                let (member, amount) = self.payments.swap_remove(payment % self.payments.len());
                let outcome = self.apply(Input::Refunded { user: user(member), amount: Money::from_rupees(amount) });
                let voided = self.model.refund(member, amount, &mut made);
                self.check(&outcome, &made, &voided);
            }
            Op::Label { member, on } if count > 1 => {
                let member = 1 + member % (count - 1);
                let outcome = self.apply(Input::Labelled { user: user(member), distributor: on });
                self.model.label(member, on, &mut made);
                self.check(&outcome, &made, &[]);
            }
            Op::AdvanceClock { hours } => self.clock = self.clock.plus_hours(hours),
            Op::StartDay => {
                let mut outcome = self.apply(Input::DayStarted);
                while self.tree.is_opening() {
                    outcome.made.extend(self.apply(Input::PeriodOpened).made);
                }
                for e in 1..count {
                    self.model.match_earner(e, &mut made);
                }
                self.check(&outcome, &made, &[]);
            }
            Op::Publish { limit, flush, daily, labelled, active_from } => self.publish(limit, |plan| {
                plan.pairs.over_limit = if flush { OverLimit::Flush } else { OverLimit::Carry };
                plan.pairs.limit_per = if daily { LimitPer::Day } else { LimitPer::Month };
                plan.pairs.require_distributor = labelled;
                plan.active_buyer_from = Money::from_rupees(active_from * 1_000);
            }),
            Op::RollBack { inputs } if self.pending_rollback.is_none() => {
                self.tree.begin();
                self.pending_rollback = Some((inputs, self.tree.digest(), self.voidable_pairs.clone(), Vec::new()));
            }
            Op::Pay { .. } | Op::Refund { .. } | Op::Label { .. } | Op::RollBack { .. } => {}
        }
    }

    /// Compares leg counts with the model, and replays the whole journal once more.
    fn finish(mut self) {
        if self.pending_rollback.take().is_some() {
            self.tree.commit();
        }
        for x in 0..self.model.nodes.len() {
            let node = u32::try_from(x).unwrap();
            let leg_counts = self.tree.arena().leg_counts(node);
            let expected = [0, 1].map(|side| u32::try_from(self.model.counting(x, side).len()).unwrap());
            assert_eq!([leg_counts.left(), leg_counts.right()], expected);
            assert_eq!(self.tree.arena().is_counting(node), self.model.nodes[x].order.is_some());
        }
        let mut again = Tree::default();
        let mut voidable_pairs = VoidablePairs::default();
        for chunk in self.journal.chunks(7) {
            again.prefetch(chunk.iter().map(|(_, input)| input));
            for (at, input) in chunk {
                again.apply(*at, input, &mut voidable_pairs).expect("as before");
            }
        }
        assert_eq!(again.digest(), self.tree.digest());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn a_random_history_gives_the_same_tree_and_pairs_as_the_reference_model(
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
