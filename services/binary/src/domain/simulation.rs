//! Simulation of the whole history under another plan.
//!
//! Two trees replay the journal in parallel: one under the published plan versions, one under the candidate plan from
//! the beginning. Positions do not depend on the plan, so the trees differ in pairs only. Referral bonuses need no
//! tree: they are summed separately.

use super::input::{Input, InputOutcome, TreeError};
use super::node::NodeIndex;
use super::referral_bonuses::{Bonus, ReferralEvent, remaining_bonuses};
use super::rules::{MatchingTerms, day_number};
use super::tree::Tree;
use super::voidable_pairs::VoidablePairs;
use domain::plan::OverLimit;
use domain::{Money, MoneyError, Month, Plan, PlanHistory, PlanVersion, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    net_by_member: BTreeMap<UserId, Money>,
}

impl PlanResults {
    fn add(&mut self, member: UserId, month: Month, sum: EarningsSum) -> Result<(), MoneyError> {
        self.total = self.total.add(sum)?;
        let of_month = self.months.entry(month).or_default();
        *of_month = of_month.add(sum)?;
        let net = self.net_by_member.entry(member).or_default();
        *net = net.add(sum.net)?;
        Ok(())
    }
}

/// One tree and its outstanding pairs.
struct PlanReplay {
    tree: Tree,
    voidable_pairs: VoidablePairs,
    outstanding: HashMap<(NodeIndex, u32), (Month, EarningsSum)>,
    bonuses: Vec<Bonus>,
}

impl PlanReplay {
    fn with_plans(plans: PlanHistory) -> Self {
        Self {
            tree: Tree::with_plans(plans),
            voidable_pairs: VoidablePairs::default(),
            outstanding: HashMap::new(),
            bonuses: Vec::new(),
        }
    }

    fn apply(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        let outcome: InputOutcome = self.tree.apply(happened_at, input, &mut self.voidable_pairs)?;
        for key in &outcome.voided {
            self.outstanding.remove(key);
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
            self.outstanding.insert((made.earner, made.number), (outcome.at.month(), sum));
        }
        Ok(())
    }

    fn results(&self) -> Result<PlanResults, TreeError> {
        let mut results = PlanResults::default();
        for ((earner, _), (month, sum)) in &self.outstanding {
            let user = self.tree.node(*earner).and_then(|node| node.user);
            results.add(user.ok_or(TreeError::Inconsistent("an earner is not placed"))?, *month, *sum)?;
        }
        for Bonus { referrer, month, amount } in self.bonuses.iter().copied() {
            results.add(
                referrer,
                month,
                EarningsSum { bonuses: 1, referral: amount, net: amount, ..EarningsSum::default() },
            )?;
        }
        let mut nets: Vec<Money> = results.net_by_member.values().copied().filter(|net| net.is_positive()).collect();
        nets.sort_unstable_by(|a, b| b.cmp(a));
        let top = nets.len().div_ceil(100);
        results.earners = u64::try_from(nets.len()).map_err(|_| TreeError::Full)?;
        results.top_earners = u64::try_from(top).map_err(|_| TreeError::Full)?;
        results.top_net = Money::total(nets.into_iter().take(top))?;
        self.add_carried(&mut results)?;
        Ok(results)
    }

    fn add_carried(&self, results: &mut PlanResults) -> Result<(), TreeError> {
        let (version, day) = (self.tree.plans().in_force(self.tree.time())?, day_number(self.tree.time().day()));
        let (terms, pairs) = (MatchingTerms::new(version, day), &version.plan.pairs);
        if pairs.over_limit == OverLimit::Flush {
            return Ok(());
        }
        for node in self.tree.members().filter(|node| terms.may_earn(node.index, node.is_distributor)) {
            let unpaid = pairs.unpaid_first.saturating_sub(node.last_pair_number);
            let paid = i64::from(node.backlog().saturating_sub(unpaid));
            results.carried_pairs = results.carried_pairs.saturating_add(u64::from(node.backlog()));
            results.carried_gross = results.carried_gross.add(pairs.gross.times(paid)?)?;
        }
        Ok(())
    }
}

/// Replay of the journal under the published and the candidate plan.
pub struct Simulation {
    live: PlanReplay,
    candidate: PlanReplay,
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
    /// A simulation of this plan. Errors with `Plan` when the plan is invalid.
    pub fn try_new(plan: Plan) -> Result<Self, TreeError> {
        let mut plans = PlanHistory::seed();
        // The earliest time at which a second version may take effect; every journal is newer.
        let effective_from = Timestamp::UNIX_EPOCH.plus_secs(1);
        plans.publish(PlanVersion { version: 2, effective_from, plan: plan.clone() })?;
        Ok(Self { live: PlanReplay::with_plans(PlanHistory::seed()), candidate: PlanReplay::with_plans(plans), plan })
    }

    /// Sequence number of the last applied journal entry.
    pub fn seq(&self) -> i64 {
        self.live.tree.seq()
    }

    /// Applies the next input of the journal.
    pub fn apply(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        self.live.apply(happened_at, input)?;
        if !matches!(input, Input::PlanPublished(_) | Input::PlanWithdrawn(_)) {
            self.candidate.apply(happened_at, input)?;
        }
        // A period opening under the candidate plan may need more inputs than the journal has.
        while self.candidate.tree.is_opening() && !self.live.tree.is_opening() {
            self.candidate.apply(happened_at, &Input::PeriodOpened)?;
        }
        Ok(())
    }

    /// Adds the bonuses of one referred member, given all payments and refunds in the order in which they took effect.
    pub fn apply_referral_events(&mut self, events: &[ReferralEvent]) -> Result<(), TreeError> {
        self.live.bonuses.extend(remaining_bonuses(None, events)?);
        self.candidate.bonuses.extend(remaining_bonuses(Some(&self.plan), events)?);
        Ok(())
    }

    /// The results so far. Errors when a sum is out of range.
    pub fn compare(&self) -> Result<Comparison, TreeError> {
        let (live, candidate) = (self.live.results()?, self.candidate.results()?);
        let (mut better_off, mut worse_off) = (0, 0);
        let members: BTreeSet<&UserId> = live.net_by_member.keys().chain(candidate.net_by_member.keys()).collect();
        for member in members {
            let net = |results: &PlanResults| results.net_by_member.get(member).copied().unwrap_or_default();
            better_off += u64::from(net(&candidate) > net(&live));
            worse_off += u64::from(net(&candidate) < net(&live));
        }
        Ok(Comparison { live, candidate, better_off, worse_off })
    }
}
