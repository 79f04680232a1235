//! Decisions about one pair under the plan in force: who earns, the slot in the period, and the pay.

use crate::domain::node::{NodeIndex, ROOT};
use domain::plan::{LimitPer, OverLimit, PairPay, Plan, PlanError, PlanVersion};

/// The plan in force and the day of an input.
#[derive(Debug, Clone, Copy)]
pub struct MatchingTerms<'a> {
    pub plan: &'a Plan,
    pub version: u32,
    /// `YYYYMMDD`, in India.
    pub day: u32,
}

/// Decision about the next pair of an earner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotDecision {
    /// The pair takes this slot of the period, from 1, and is paid.
    Slot(u32),
    /// Over the limit: the pair uses its members and pays nothing.
    Flush,
    /// Over the limit: the members stay unmatched until the limit allows a pair.
    Carry,
}

impl<'a> MatchingTerms<'a> {
    /// The terms of a plan version on a day.
    pub const fn new(version: &'a PlanVersion, day: u32) -> Self {
        Self { plan: &version.plan, version: version.version, day }
    }

    /// Whether a node earns from pairs. The company never does; the plan may require the distributor label.
    pub const fn may_earn(&self, node: NodeIndex, is_distributor: bool) -> bool {
        node != ROOT && (is_distributor || !self.plan.pairs.require_distributor)
    }

    /// The decision about an earner's next pair, given the slots already used in the period.
    pub const fn decide_slot(&self, used_slots: u32) -> SlotDecision {
        if used_slots < self.plan.pairs.limit {
            return SlotDecision::Slot(used_slots + 1);
        }
        match self.plan.pairs.over_limit {
            OverLimit::Flush => SlotDecision::Flush,
            OverLimit::Carry => SlotDecision::Carry,
        }
    }

    /// How many of `backlog` pairs [`decide_slot`](Self::decide_slot) makes one after another before it carries.
    pub fn allowed_pairs(&self, backlog: u32, used_slots: u32) -> u32 {
        match self.plan.pairs.over_limit {
            OverLimit::Flush => backlog,
            OverLimit::Carry => backlog.min(self.plan.pairs.limit.saturating_sub(used_slots)),
        }
    }

    /// Pay of the pair with this number; nothing without a slot. Errors when an amount is out of range.
    pub fn pay(&self, number: u32, slot: Option<u32>, is_active_buyer: bool) -> Result<PairPay, PlanError> {
        slot.map_or(Ok(PairPay::ZERO), |_| self.plan.pair_pay(number, is_active_buyer))
    }

    /// `YYYYMM`.
    pub const fn month(&self) -> u32 {
        self.day / 100
    }

    /// The period of the limit that contains a day: `YYYYMM` or `YYYYMMDD`.
    pub const fn period_of(&self, day: u32) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => day,
            LimitPer::Month => day / 100,
        }
    }

    /// The current period of the limit.
    pub const fn period(&self) -> u32 {
        self.period_of(self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::day_number;
    use domain::Timestamp;

    #[test]
    fn the_allowed_pairs_are_those_decided_one_by_one() {
        for over_limit in [OverLimit::Carry, OverLimit::Flush] {
            for (limit, backlog, used_slots) in [0, 1, 2, 5].into_iter().flat_map(|limit| {
                (0..5).flat_map(move |backlog| (0..7).map(move |used_slots| (limit, backlog, used_slots)))
            }) {
                let mut plan = Plan::seed();
                (plan.pairs.limit, plan.pairs.over_limit) = (limit, over_limit);
                let terms = MatchingTerms { plan: &plan, version: 1, day: 20_261_110 };
                let mut used = used_slots;
                let decide = |_: &u32| {
                    let decision = terms.decide_slot(used);
                    used += u32::from(matches!(decision, SlotDecision::Slot(_)));
                    decision != SlotDecision::Carry
                };
                let made = (0..backlog).take_while(decide).count();
                assert_eq!(u32::try_from(made), Ok(terms.allowed_pairs(backlog, used_slots)), "{limit} {used_slots}");
            }
        }
    }

    #[test]
    fn periods_are_those_of_the_plan() {
        let at: Timestamp = "2026-11-30T18:30:00Z".parse().expect("midnight in India");
        for limit_per in [LimitPer::Day, LimitPer::Month] {
            let mut plan = Plan::seed();
            plan.pairs.limit_per = limit_per;
            let terms = MatchingTerms { plan: &plan, version: 1, day: day_number(at.day()) };
            assert_eq!((terms.day, terms.period()), (20_261_201, plan.pairs.period(at)));
        }
    }
}
