//! Simulation of the whole history under another plan.
//!
//! The journal is replayed twice: under the published plan versions, then under the candidate plan from the beginning,
//! so that there is one tree at a time. Positions do not depend on the plan, so the trees differ in pairs only. A pair
//! is added to the sums when it is made; it is remembered only if one of its members is ever refunded, because no other
//! is voided. Referral bonuses need no tree: they are summed separately.

use super::input::{Input, InputOutcome, TreeError};
use super::node::NodeIndex;
use super::referral_bonuses::{Bonus, ReferralEvent, remaining_bonuses};
use super::rules::{MatchingTerms, day_number};
use super::tree::Tree;
use super::voidable_pairs::VoidablePairs;
use domain::plan::OverLimit;
use domain::{Money, MoneyError, Month, Plan, PlanHistory, PlanVersion, Timestamp, UserId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

/// Sum of pairs and referral bonuses: `net + emi_deduction + reserve_deduction = gross + referral`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarningsSum {
    pub bonuses: u64,
    pub referral: Money,
    pub pairs: u64,
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub net: Money,
}

impl EarningsSum {
    fn sub(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            bonuses: self.bonuses.saturating_sub(other.bonuses),
            referral: self.referral.sub(other.referral)?,
            pairs: self.pairs.saturating_sub(other.pairs),
            gross: self.gross.sub(other.gross)?,
            emi_deduction: self.emi_deduction.sub(other.emi_deduction)?,
            reserve_deduction: self.reserve_deduction.sub(other.reserve_deduction)?,
            net: self.net.sub(other.net)?,
        })
    }

    fn add(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            bonuses: self.bonuses.saturating_add(other.bonuses),
            referral: self.referral.add(other.referral)?,
            pairs: self.pairs.saturating_add(other.pairs),
            gross: self.gross.add(other.gross)?,
            emi_deduction: self.emi_deduction.add(other.emi_deduction)?,
            reserve_deduction: self.reserve_deduction.add(other.reserve_deduction)?,
            net: self.net.add(other.net)?,
        })
    }
}

/// Results of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanResults {
    /// Outstanding matched pairs and bonuses; flushed and voided pairs pay nothing.
    pub total: EarningsSum,
    pub months: BTreeMap<Month, EarningsSum>,
    pub earners: u64,
    /// Size of the top percent by net (at least one earner), and the net of those earners.
    pub top_earners: u64,
    pub top_net: Money,
    /// Pairs carried to a later period, and their gross.
    pub carried_pairs: u64,
    pub carried_gross: Money,
}

/// Sums of one plan while its history is replayed.
#[derive(Debug, Default)]
struct PlanSums {
    months: BTreeMap<Month, EarningsSum>,
    /// By node.
    nets: Vec<Money>,
    /// Of referrers without a place in the tree.
    other_nets: HashMap<UserId, Money>,
    carried_pairs: u64,
    carried_gross: Money,
}

impl PlanSums {
    fn of_month(&mut self, month: Month) -> &mut EarningsSum {
        self.months.entry(month).or_default()
    }

    fn add_net(&mut self, node: NodeIndex, net: Money) -> Result<(), TreeError> {
        let index = usize::try_from(node).map_err(|_| TreeError::Full)?;
        if self.nets.len() <= index {
            self.nets.resize(index.saturating_add(1), Money::ZERO);
        }
        let Some(sum) = self.nets.get_mut(index) else { return Err(TreeError::Full) };
        *sum = sum.add(net)?;
        Ok(())
    }

    fn add_pair(&mut self, earner: NodeIndex, month: Month, sum: EarningsSum) -> Result<(), TreeError> {
        let of_month = self.of_month(month);
        *of_month = of_month.add(sum)?;
        self.add_net(earner, sum.net)
    }

    fn remove_pair(&mut self, earner: NodeIndex, month: Month, sum: EarningsSum) -> Result<(), TreeError> {
        let of_month = self.of_month(month);
        *of_month = of_month.sub(sum)?;
        self.add_net(earner, sum.net.neg()?)
    }

    fn add_bonus(&mut self, bonus: &Bonus, tree: &Tree) -> Result<(), TreeError> {
        let amount = bonus.amount;
        let of_month = self.of_month(bonus.month);
        *of_month =
            of_month.add(EarningsSum { bonuses: 1, referral: amount, net: amount, ..EarningsSum::default() })?;
        if let Some(node) = tree.find(bonus.referrer) {
            return self.add_net(node, amount);
        }
        let net = self.other_nets.entry(bonus.referrer).or_default();
        *net = net.add(amount)?;
        Ok(())
    }

    fn results(mut self) -> Result<PlanResults, TreeError> {
        // A month whose pairs are all voided has earned nothing.
        self.months.retain(|_, sum| *sum != EarningsSum::default());
        let total = self.months.values().try_fold(EarningsSum::default(), |total, sum| total.add(*sum))?;
        self.nets.extend(self.other_nets.into_values());
        self.nets.retain(|net| net.is_positive());
        self.nets.sort_unstable_by(|a, b| b.cmp(a));
        let top = self.nets.len().div_ceil(100);
        Ok(PlanResults {
            total,
            months: self.months,
            earners: u64::try_from(self.nets.len()).map_err(|_| TreeError::Full)?,
            top_earners: u64::try_from(top).map_err(|_| TreeError::Full)?,
            top_net: Money::total(self.nets.into_iter().take(top))?,
            carried_pairs: self.carried_pairs,
            carried_gross: self.carried_gross,
        })
    }
}

/// The journal entries after which the tree under the published plans has an unfinished period opening.
#[derive(Debug, Default)]
struct Openings(Vec<RangeInclusive<i64>>);

impl Openings {
    fn add(&mut self, seq: i64) {
        match self.0.last_mut() {
            Some(last) if last.end().saturating_add(1) == seq => *last = *last.start()..=seq,
            _ => self.0.push(seq..=seq),
        }
    }

    fn contains(&self, seq: i64) -> bool {
        let index = self.0.partition_point(|range| *range.end() < seq);
        self.0.get(index).is_some_and(|range| range.contains(&seq))
    }
}

enum Plans {
    Published(Openings),
    Candidate(Openings),
}

/// Replay of the journal under the published plans or under a candidate.
pub struct PlanReplay {
    tree: Tree,
    voidable_pairs: VoidablePairs,
    /// Month and sum of the pairs that may be voided, by earner and number.
    voidable_sums: HashMap<(NodeIndex, u32), (Month, EarningsSum)>,
    sums: PlanSums,
    plans: Plans,
    /// Number of entries of the journal that were applied.
    seq: i64,
}

impl PlanReplay {
    /// A replay under the published plans. `refunded`: the members who are refunded somewhere in the journal.
    pub fn published(refunded: HashSet<NodeIndex>) -> Self {
        let voidable_pairs = VoidablePairs::of_members(refunded);
        Self::new(PlanHistory::seed(), voidable_pairs, Plans::Published(Openings::default()))
    }

    fn new(history: PlanHistory, voidable_pairs: VoidablePairs, plans: Plans) -> Self {
        Self {
            tree: Tree::with_plans(history),
            voidable_pairs,
            voidable_sums: HashMap::new(),
            sums: PlanSums::default(),
            plans,
            seq: 0,
        }
    }

    /// Sequence number of the last applied journal entry.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// Loads what the next inputs will read.
    pub fn prefetch<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone) {
        self.tree.prefetch(inputs);
    }

    /// Applies the next input of the journal.
    pub fn apply(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        self.seq = self.seq.saturating_add(1);
        let is_of_plans = matches!(input, Input::PlanPublished(_) | Input::PlanWithdrawn(_));
        if !is_of_plans || matches!(self.plans, Plans::Published(_)) {
            self.apply_to_tree(happened_at, input)?;
        }
        // A period opening under the candidate plan may need more inputs than the journal has.
        while self.must_continue_opening() {
            self.apply_to_tree(happened_at, &Input::PeriodOpened)?;
        }
        if let Plans::Published(openings) = &mut self.plans
            && self.tree.is_opening()
        {
            openings.add(self.seq);
        }
        Ok(())
    }

    fn must_continue_opening(&self) -> bool {
        let Plans::Candidate(openings) = &self.plans else { return false };
        self.tree.is_opening() && !openings.contains(self.seq)
    }

    fn apply_to_tree(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        let outcome: InputOutcome = self.tree.apply(happened_at, input, &mut self.voidable_pairs)?;
        for key in &outcome.voided {
            if let Some((month, sum)) = self.voidable_sums.remove(key) {
                self.sums.remove_pair(key.0, month, sum)?;
            }
        }
        for made in outcome.made.iter().filter(|made| made.slot.is_some()) {
            let sum = EarningsSum {
                bonuses: 0,
                referral: Money::ZERO,
                pairs: 1,
                gross: made.pay.gross,
                emi_deduction: made.pay.emi_deduction,
                reserve_deduction: made.pay.reserve_deduction,
                net: made.pay.available,
            };
            let month = outcome.at.month();
            self.sums.add_pair(made.earner, month, sum)?;
            if self.voidable_pairs.may_be_voided(made.left, made.right) {
                self.voidable_sums.insert((made.earner, made.number), (month, sum));
            }
        }
        Ok(())
    }

    fn add_carried(&mut self) -> Result<(), TreeError> {
        let (version, day) = (self.tree.plans().in_force(self.tree.time())?, day_number(self.tree.time().day()));
        let (terms, pairs) = (MatchingTerms::new(version, day), &version.plan.pairs);
        if pairs.over_limit == OverLimit::Flush {
            return Ok(());
        }
        for node in self.tree.members().filter(|node| terms.may_earn(node.index, node.is_distributor)) {
            let unpaid = pairs.unpaid_first.saturating_sub(node.last_pair_number);
            let paid = i64::from(node.backlog().saturating_sub(unpaid));
            self.sums.carried_pairs = self.sums.carried_pairs.saturating_add(u64::from(node.backlog()));
            self.sums.carried_gross = self.sums.carried_gross.add(pairs.gross.times(paid)?)?;
        }
        Ok(())
    }

    /// The replay of the same journal under a candidate plan; this one's tree is dropped. Errors with `Plan` when the
    /// plan is invalid.
    pub fn then_under(mut self, plan: Plan) -> Result<Simulation, TreeError> {
        self.add_carried()?;
        let Self { sums, voidable_pairs, plans: Plans::Published(openings) | Plans::Candidate(openings), .. } = self;
        let mut history = PlanHistory::seed();
        // The earliest time at which a second version may take effect; every journal is newer.
        let effective_from = Timestamp::UNIX_EPOCH.plus_secs(1);
        history.publish(PlanVersion { version: 2, effective_from, plan: plan.clone() })?;
        let candidate = Self::new(history, voidable_pairs.without_pairs(), Plans::Candidate(openings));
        Ok(Simulation { published: sums, candidate, plan })
    }
}

/// The sums under the published plans, and the replay under the candidate.
pub struct Simulation {
    published: PlanSums,
    pub candidate: PlanReplay,
    plan: Plan,
}

/// Results under the candidate plan and under the published versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub live: PlanResults,
    pub candidate: PlanResults,
    /// Members with a greater and with a smaller net under the candidate plan.
    pub better_off: u64,
    pub worse_off: u64,
}

impl Simulation {
    /// Adds the bonuses of one referred member, given all payments and refunds in the order in which they took effect.
    pub fn apply_referral_events(&mut self, events: &[ReferralEvent]) -> Result<(), TreeError> {
        for bonus in remaining_bonuses(None, events)? {
            self.published.add_bonus(&bonus, &self.candidate.tree)?;
        }
        for bonus in remaining_bonuses(Some(&self.plan), events)? {
            self.candidate.sums.add_bonus(&bonus, &self.candidate.tree)?;
        }
        Ok(())
    }

    /// The results. Errors when a sum is out of range.
    pub fn compare(mut self) -> Result<Comparison, TreeError> {
        self.candidate.add_carried()?;
        let (live, candidate) = (self.published, self.candidate.sums);
        drop(self.candidate.tree);
        let (mut better_off, mut worse_off) = (0_u64, 0_u64);
        let mut compare = |live: Money, candidate: Money| {
            better_off += u64::from(candidate > live);
            worse_off += u64::from(candidate < live);
        };
        for index in 0..live.nets.len().max(candidate.nets.len()) {
            let net = |sums: &PlanSums| sums.nets.get(index).copied().unwrap_or_default();
            compare(net(&live), net(&candidate));
        }
        let others: HashSet<&UserId> = live.other_nets.keys().chain(candidate.other_nets.keys()).collect();
        for member in others {
            let net = |sums: &PlanSums| sums.other_nets.get(member).copied().unwrap_or_default();
            compare(net(&live), net(&candidate));
        }
        Ok(Comparison { live: live.results()?, candidate: candidate.results()?, better_off, worse_off })
    }
}
