//! Net payments and matching state of an earner.

use crate::domain::legs::Legs;
use crate::domain::rules::MatchingTerms;
use domain::Money;
use domain::plan::LimitPer;

/// Net payments and matching state of an earner: 32 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct EarnerState {
    pub(super) net_paid: Money,
    /// Number of the latest pair; 0 before the first.
    pub(super) last_pair_number: u32,
    /// Day (`YYYYMMDD`) of the latest used slot, and the slots used on that day and in its month.
    pub(super) day: u32,
    pub(super) day_slots: u32,
    pub(super) month_slots: u32,
    /// For each leg: every member up to this matching order has been matched at least once.
    pub(super) matched_up_to: Legs<u32>,
}

impl EarnerState {
    /// How many of `backlog` pairs the earner may make now.
    pub(super) fn allowed_pairs(&self, backlog: u32, terms: &MatchingTerms<'_>) -> u32 {
        terms.allowed_pairs(backlog, self.used_slots(terms))
    }
    /// Slots used in the current period of the limit.
    pub(super) const fn used_slots(&self, terms: &MatchingTerms<'_>) -> u32 {
        let (day_slots, month_slots) = self.slots(terms);
        match terms.plan.pairs.limit_per {
            LimitPer::Day => day_slots,
            LimitPer::Month => month_slots,
        }
    }
    /// Uses one slot.
    pub(super) const fn use_slot(&mut self, terms: &MatchingTerms<'_>) {
        let (day_slots, month_slots) = self.slots(terms);
        self.day = terms.day;
        self.day_slots = day_slots + 1;
        self.month_slots = month_slots + 1;
    }
    /// The slots used in the day and in the month of `terms`.
    const fn slots(&self, terms: &MatchingTerms<'_>) -> (u32, u32) {
        let day = if self.day == terms.day { self.day_slots } else { 0 };
        let month = if self.day / 100 == terms.month() { self.month_slots } else { 0 };
        (day, month)
    }
}
