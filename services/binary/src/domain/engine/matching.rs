//! Pair matching: an earner pairs the oldest unmatched counting members of its two legs; each member is used once.

use super::Arena;
use super::node::HAS_FREED;
use super::undo::UndoEntry;
use crate::domain::input::{PairMade, TreeError};
use crate::domain::matching_terms::MatchingTerms;
use crate::domain::node_index::{NodeIndex, ROOT};
use crate::domain::pairs_made::PairsMade;
use domain::Side;
use domain::plan::{OverLimit, PairPay};

impl Arena {
    /// Makes a member count, with this matching order. Increments every leg count above, then matches every earner
    /// above, nearest first.
    pub(super) fn count_and_match(
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
                self.match_earner(at, Some((side, node)), terms, made)?;
            }
            above = self.increment_leg_counts(at);
        }
        Ok(())
    }

    /// Makes every pair that the earner may have now. `new_member` has just started to count in that leg.
    pub(super) fn match_earner(
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
}
