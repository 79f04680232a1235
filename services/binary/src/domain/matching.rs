//! Pair matching: an earner pairs the oldest unmatched counting members of its two legs; each member is used once.

use super::arena::Arena;
use super::input::{PairMade, TreeError};
use super::legs::Legs;
use super::node::{HAS_FREED, NodeIndex, ROOT};
use super::undo::UndoEntry;
use super::voidable_pairs::VoidablePairs;
use domain::plan::{LimitPer, OverLimit, PairPay, Plan};
use domain::{Money, Side};

/// The plan in force and the day of an input.
#[derive(Debug, Clone, Copy)]
pub struct MatchingTerms<'a> {
    pub plan: &'a Plan,
    pub version: u32,
    /// `YYYYMMDD`, in India.
    pub day: u32,
}

impl MatchingTerms<'_> {
    const fn slots_in_period(&self, day_slots: u32, month_slots: u32) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => day_slots,
            LimitPer::Month => month_slots,
        }
    }
    /// How many of `backlog` pairs the limit allows, given the slots already used in the period.
    fn allowed_pairs(&self, backlog: u32, used_slots: u32) -> u32 {
        match self.plan.pairs.over_limit {
            OverLimit::Carry => backlog.min(self.plan.pairs.limit.saturating_sub(used_slots)),
            OverLimit::Flush => backlog,
        }
    }
    const fn month(&self) -> u32 {
        self.day / 100
    }
    const fn period(&self) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => self.day,
            LimitPer::Month => self.month(),
        }
    }
}

/// Net payments and matching state of an earner: 32 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarnerState {
    pub net_paid: Money,
    /// Number of the latest pair; 0 before the first.
    pub last_pair_number: u32,
    /// Day (`YYYYMMDD`) of the latest used slot, and the slots used on that day and in its month.
    pub day: u32,
    pub day_slots: u32,
    pub month_slots: u32,
    /// For each leg: every member up to this matching order has been matched at least once.
    pub matched_up_to: Legs<u32>,
}

impl EarnerState {
    /// How many of `backlog` pairs the earner may make now.
    pub(super) fn allowed_pairs(&self, backlog: u32, terms: &MatchingTerms<'_>) -> u32 {
        let (day_slots, month_slots) = self.slots(terms);
        terms.allowed_pairs(backlog, terms.slots_in_period(day_slots, month_slots))
    }
    /// The slots used in the day and the month of `terms`.
    const fn slots(&self, terms: &MatchingTerms<'_>) -> (u32, u32) {
        let day = if self.day == terms.day { self.day_slots } else { 0 };
        let month = if self.day / 100 == terms.month() { self.month_slots } else { 0 };
        (day, month)
    }
}

/// Pairs made by one input; ordinals continue from the input before.
pub struct PairsMade<'a> {
    pub pairs: Vec<PairMade>,
    pub last_ordinal: u64,
    pub voidable_pairs: &'a mut VoidablePairs,
}

impl Arena {
    /// Makes a member count, with this matching order. Increments every leg count above, then matches every earner
    /// above, nearest first.
    pub(super) fn start_counting(
        &mut self,
        node: NodeIndex,
        order: u32,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<(), TreeError> {
        self.set_matching_order(node, order);
        self.begin_limit_period(terms.version, terms.period());
        let mut above = self.increment_leg_counts(node);
        while let Some((at, side)) = above {
            let upward = *self.upward(at);
            if upward.pair_counter.has_frontier(side) {
                self.add_to_frontier(at, side, node);
            }
            if upward.count.smaller() > upward.pair_counter.outstanding() && !upward.pair_counter.is_at_limit() {
                self.match_pairs(at, Some((side, node)), terms, made)?;
            }
            above = self.increment_leg_counts(at);
        }
        Ok(())
    }

    /// Increments the leg counts above, up to and including the first earner who may need matching.
    fn increment_leg_counts(&mut self, node: NodeIndex) -> Option<(NodeIndex, Side)> {
        let mut link = self.upward(node).parent;
        while let Some((at, side)) = link.get() {
            let upward = self.upward_mut(at);
            upward.count.increment(side);
            if !upward.pair_counter.cannot_pair(upward.count.smaller()) {
                return Some((at, side));
            }
            link = upward.parent;
        }
        None
    }

    /// Adds a new node that does not count yet to the frontiers above, so that they find its descendants.
    pub(super) fn add_uncounted_to_frontiers(&mut self, node: NodeIndex) {
        let mut parent = self.parent(node);
        while let Some((at, side)) = parent {
            self.add_to_frontier(at, side, node);
            parent = self.parent(at);
        }
    }

    /// Stops a member counting. Decrements every leg count above, voids the pairs that use the member, makes their
    /// partners available again, and matches every earner above. Returns earner and number of the voided pairs.
    pub(super) fn stop_counting(
        &mut self,
        node: NodeIndex,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let order = self.matching_order(node);
        self.record_undo(UndoEntry::MatchingOrder(node, order));
        self.set_counting(node, 0);
        self.remove_from_freed(node, order);
        let mut voided = Vec::new();
        for voided_pair in made.voidable_pairs.remove_pairs_of(node) {
            self.record_earner_undo(voided_pair.earner);
            let pair_counter = &mut self.upward_mut(voided_pair.earner).pair_counter;
            pair_counter.set_outstanding(pair_counter.outstanding().saturating_sub(1));
            let partner_side = self
                .leg_of(voided_pair.earner, voided_pair.partner)
                .ok_or(TreeError::Inconsistent("the partner of a voided pair is not below the earner"))?;
            self.restore_partner(voided_pair.earner, partner_side, voided_pair.partner);
            voided.push((voided_pair.earner, voided_pair.number));
        }
        let mut parent = self.parent(node);
        while let Some((at, _)) = parent {
            self.match_pairs(at, None, terms, made)?;
            parent = self.parent(at);
        }
        Ok(voided)
    }

    /// Makes every pair that the earner may have now. `new_member` has just started to count in that leg.
    pub(super) fn match_pairs(
        &mut self,
        earner: NodeIndex,
        new_member: Option<(Side, NodeIndex)>,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<(), TreeError> {
        let rules = &terms.plan.pairs;
        if earner == ROOT || (rules.require_distributor && !self.is_distributor(earner)) {
            self.mark_at_limit(earner, terms.version, terms.period());
            return Ok(());
        }
        while self.backlog(earner) > 0 {
            let (day_slots, month_slots) = self.earner_state(earner).slots(terms);
            let used_slots = terms.slots_in_period(day_slots, month_slots);
            let is_over_limit = used_slots >= rules.limit;
            if is_over_limit && rules.over_limit == OverLimit::Carry {
                self.mark_at_limit(earner, terms.version, terms.period());
                return Ok(());
            }
            self.record_earner_undo(earner);
            let wanted = terms.allowed_pairs(self.backlog(earner), used_slots);
            let left = self.claim_oldest(earner, Side::Left, wanted, new_member)?;
            let right = self.claim_oldest(earner, Side::Right, wanted, new_member)?;
            let earner_state = self.earner_state_mut(earner);
            let number = earner_state.last_pair_number.checked_add(1).ok_or(TreeError::Full)?;
            earner_state.last_pair_number = number;
            if !is_over_limit {
                earner_state.day = terms.day;
                earner_state.day_slots = day_slots.saturating_add(1);
                earner_state.month_slots = month_slots.saturating_add(1);
            }
            let active = self.is_active_buyer(earner);
            let pair_counter = &mut self.upward_mut(earner).pair_counter;
            pair_counter.set_outstanding(pair_counter.outstanding() + 1);
            let pay = if is_over_limit { PairPay::ZERO } else { terms.plan.pair_pay(number, active)? };
            made.voidable_pairs.add(earner, number, left, right);
            made.last_ordinal += 1;
            made.pairs.push(PairMade {
                ordinal: made.last_ordinal,
                earner,
                number,
                left,
                right,
                period: terms.period(),
                slot: (!is_over_limit).then_some(used_slots.saturating_add(1)),
                earner_active_buyer: active,
                plan_version: terms.version,
                pay,
            });
        }
        Ok(())
    }

    pub(super) fn record_earner_undo(&mut self, earner: NodeIndex) {
        self.record_undo(UndoEntry::Earner(
            earner,
            self.upward(earner).pair_counter.outstanding(),
            *self.earner_state(earner),
        ));
    }

    /// Claims the oldest unmatched member of a leg. The caller has checked the counts, so there is one.
    fn claim_oldest(
        &mut self,
        earner: NodeIndex,
        side: Side,
        wanted: u32,
        new_member: Option<(Side, NodeIndex)>,
    ) -> Result<NodeIndex, TreeError> {
        let upward = self.upward(earner);
        let unmatched = upward.count.get(side).saturating_sub(upward.pair_counter.outstanding());
        if let Some((leg, node)) = new_member
            && leg == side
            && unmatched == 1
        {
            // The new member is unmatched, so it is the only unmatched one.
            let order = self.matching_order(node);
            self.earner_state_mut(earner).matched_up_to.set(side, order);
            return Ok(node);
        }
        if self.downward(earner).flags & HAS_FREED.get(side) != 0 {
            let before = self.freed_members.get(&(earner, side)).cloned().unwrap_or_default();
            if let Some((_, member)) = before.first().copied() {
                let after = before.get(1..).unwrap_or_default().to_vec();
                self.record_undo(UndoEntry::Freed(earner, side, before));
                self.set_freed_members(earner, side, after);
                return Ok(member);
            }
        }
        let member = self
            .next_oldest_in_leg(earner, side, wanted)
            .ok_or(TreeError::Inconsistent("no unmatched member in a leg with a backlog"))?;
        let order = self.matching_order(member);
        self.earner_state_mut(earner).matched_up_to.set(side, order);
        Ok(member)
    }

    fn restore_partner(&mut self, earner: NodeIndex, side: Side, member: NodeIndex) {
        let before = self.freed_members.get(&(earner, side)).cloned().unwrap_or_default();
        let entry = (self.matching_order(member), member);
        let mut after = before.clone();
        after.insert(after.partition_point(|e| *e < entry), entry);
        self.record_undo(UndoEntry::Freed(earner, side, before));
        self.set_freed_members(earner, side, after);
    }

    /// Removes a member who stops counting from the freed members above.
    fn remove_from_freed(&mut self, node: NodeIndex, order: u32) {
        let mut parent = self.parent(node);
        while let Some((at, side)) = parent {
            if self.downward(at).flags & HAS_FREED.get(side) != 0 {
                let before = self.freed_members.get(&(at, side)).cloned().unwrap_or_default();
                if before.contains(&(order, node)) {
                    let after = before.iter().copied().filter(|e| *e != (order, node)).collect();
                    self.record_undo(UndoEntry::Freed(at, side, before));
                    self.set_freed_members(at, side, after);
                }
            }
            parent = self.parent(at);
        }
    }

    pub(super) fn set_freed_members(&mut self, earner: NodeIndex, side: Side, members: Vec<(u32, NodeIndex)>) {
        let flag = HAS_FREED.get(side);
        if members.is_empty() {
            self.freed_members.remove(&(earner, side));
            self.downward_mut(earner).flags &= !flag;
        } else {
            self.freed_members.insert((earner, side), members);
            self.downward_mut(earner).flags |= flag;
        }
    }
}
