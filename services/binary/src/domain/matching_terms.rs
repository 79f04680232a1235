//! Terms of matching: the plan in force and the day of an input.

use domain::plan::{LimitPer, OverLimit, Plan};

/// The plan in force and the day of an input.
#[derive(Debug, Clone, Copy)]
pub(super) struct MatchingTerms<'a> {
    pub(super) plan: &'a Plan,
    pub(super) version: u32,
    /// `YYYYMMDD`, in India.
    pub(super) day: u32,
}

impl MatchingTerms<'_> {
    /// The slots used in the period, given those used in the day and in the month.
    pub(super) const fn slots_in_period(&self, day_slots: u32, month_slots: u32) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => day_slots,
            LimitPer::Month => month_slots,
        }
    }
    /// How many of `backlog` pairs the limit allows, given the slots already used in the period.
    pub(super) fn allowed_pairs(&self, backlog: u32, used_slots: u32) -> u32 {
        match self.plan.pairs.over_limit {
            OverLimit::Carry => backlog.min(self.plan.pairs.limit.saturating_sub(used_slots)),
            OverLimit::Flush => backlog,
        }
    }
    /// `YYYYMM`.
    pub(super) const fn month(&self) -> u32 {
        self.day / 100
    }
    /// The period of the plan's limit: `YYYYMM` or `YYYYMMDD`.
    pub(super) const fn period(&self) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => self.day,
            LimitPer::Month => self.month(),
        }
    }
}
