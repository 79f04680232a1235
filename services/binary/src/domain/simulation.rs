//! What the same history would have come to under another plan.
//!
//! Two trees take the journal side by side: one under the plans as they were published, one under the
//! candidate for all of time. Places never depend on the plan, so the two differ in pairs alone. Referral bonuses need no
//! tree: they are added up beside it.

use super::in_play::InPlay;
use super::input::{Input, Outcome, TreeError};
use super::node::Ix;
use super::referring::{Bonus, Step, standing};
use super::tree::Tree;
use domain::plan::OverLimit;
use domain::{Money, MoneyError, Month, Plan, PlanBook, PlanVersion, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What pairs and referrals came to: `net + emi_deduction + reserve_deduction = gross + referral`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub bonuses: u64,
    pub referral: Money,
    pub pairs: u64,
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub net: Money,
}

impl Sum {
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

/// Everything one plan came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Standing matched pairs; flushed and voided ones pay nothing.
    pub total: Sum,
    pub months: BTreeMap<Month, Sum>,
    pub earners: u64,
    /// Those with the highest net, one in a hundred and at least one, and what they have of it.
    pub top_earners: u64,
    pub top_net: Money,
    /// Pairs that wait for a period with room, and what they will cost.
    pub carried_pairs: u64,
    pub carried_gross: Money,
    net_of: BTreeMap<UserId, Money>,
}

impl Books {
    fn count(&mut self, member: UserId, month: Month, sum: Sum) -> Result<(), MoneyError> {
        self.total = self.total.add(sum)?;
        let of_month = self.months.entry(month).or_default();
        *of_month = of_month.add(sum)?;
        let net = self.net_of.entry(member).or_default();
        *net = net.add(sum.net)?;
        Ok(())
    }
}

/// One tree and the pairs that stand in it.
struct Line {
    tree: Tree,
    in_play: InPlay,
    standing: HashMap<(Ix, u32), (Month, Sum)>,
    bonuses: Vec<Bonus>,
}

impl Line {
    fn under(book: PlanBook) -> Self {
        Self { tree: Tree::under(book), in_play: InPlay::default(), standing: HashMap::new(), bonuses: Vec::new() }
    }

    fn take(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        let outcome: Outcome = self.tree.apply(happened_at, input, &mut self.in_play)?;
        for key in &outcome.voided {
            self.standing.remove(key);
        }
        for made in outcome.made.iter().filter(|made| made.slot.is_some()) {
            let sum = Sum {
                bonuses: 0,
                referral: Money::ZERO,
                pairs: 1,
                gross: made.pay.gross,
                emi_deduction: made.pay.emi_deduction,
                reserve_deduction: made.pay.reserve_deduction,
                net: made.pay.available,
            };
            self.standing.insert((made.earner, made.number), (outcome.at.month(), sum));
        }
        Ok(())
    }

    fn books(&self) -> Result<Books, TreeError> {
        let mut books = Books::default();
        for ((earner, _), (month, sum)) in &self.standing {
            books.count(self.tree.arena().id(*earner), *month, *sum)?;
        }
        for Bonus { referrer, month, amount } in self.bonuses.iter().copied() {
            books.count(referrer, month, Sum { bonuses: 1, referral: amount, net: amount, ..Sum::default() })?;
        }
        let mut nets: Vec<Money> = books.net_of.values().copied().filter(|net| net.is_positive()).collect();
        nets.sort_unstable_by(|a, b| b.cmp(a));
        let top = nets.len().div_ceil(100);
        books.earners = u64::try_from(nets.len()).unwrap_or(u64::MAX);
        books.top_earners = u64::try_from(top).unwrap_or(u64::MAX);
        books.top_net = Money::total(nets.into_iter().take(top))?;
        self.carried(&mut books)?;
        Ok(books)
    }

    fn carried(&self, books: &mut Books) -> Result<(), TreeError> {
        let arena = self.tree.arena();
        let pairs = &self.tree.book().in_force(self.tree.time())?.plan.pairs;
        if pairs.over_limit == OverLimit::Flush {
            return Ok(());
        }
        for node in arena.members().filter(|node| !pairs.require_distributor || arena.is_distributor(*node)) {
            let backlog = arena.backlog(node);
            let unpaid = pairs.unpaid_first.saturating_sub(arena.last_pair(node));
            let paid = i64::from(backlog.saturating_sub(unpaid));
            books.carried_pairs = books.carried_pairs.saturating_add(u64::from(backlog));
            books.carried_gross = books.carried_gross.add(pairs.gross.times(paid)?)?;
        }
        Ok(())
    }
}

pub struct Simulation {
    live: Line,
    candidate: Line,
    plan: Plan,
}

/// The candidate's books beside those as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub live: Books,
    pub candidate: Books,
    /// Members whose net would be more, and less.
    pub better_off: u64,
    pub worse_off: u64,
}

impl Simulation {
    pub fn of(plan: Plan) -> Result<Self, TreeError> {
        let mut book = PlanBook::seed();
        // The first instant in which a version may follow the first one; no journal is as old.
        let effective_from = Timestamp::UNIX_EPOCH.plus_secs(1);
        book.publish(PlanVersion { version: 2, effective_from, plan: plan.clone() })?;
        Ok(Self { live: Line::under(PlanBook::seed()), candidate: Line::under(book), plan })
    }

    /// The journal's entry that has been taken last.
    pub fn seq(&self) -> i64 {
        self.live.tree.seq()
    }

    /// Takes the next input of the journal.
    pub fn take(&mut self, happened_at: Timestamp, input: &Input) -> Result<(), TreeError> {
        self.live.take(happened_at, input)?;
        if !matches!(input, Input::PlanPublished(_)) {
            self.candidate.take(happened_at, input)?;
        }
        // Its opening may be longer than the one the journal tells of.
        while self.candidate.tree.is_opening() && !self.live.tree.is_opening() {
            self.candidate.take(happened_at, &Input::PeriodOpened)?;
        }
        Ok(())
    }

    /// Takes all payments and refunds of somebody who was referred, in the order in which they took effect.
    pub fn take_referred(&mut self, steps: &[Step]) -> Result<(), TreeError> {
        self.live.bonuses.extend(standing(None, steps)?);
        self.candidate.bonuses.extend(standing(Some(&self.plan), steps)?);
        Ok(())
    }

    pub fn compare(&self) -> Result<Comparison, TreeError> {
        let (live, candidate) = (self.live.books()?, self.candidate.books()?);
        let (mut better_off, mut worse_off) = (0, 0);
        let members: BTreeSet<&UserId> = live.net_of.keys().chain(candidate.net_of.keys()).collect();
        for member in members {
            let net = |books: &Books| books.net_of.get(member).copied().unwrap_or_default();
            better_off += u64::from(net(&candidate) > net(&live));
            worse_off += u64::from(net(&candidate) < net(&live));
        }
        Ok(Comparison { live, candidate, better_off, worse_off })
    }
}
