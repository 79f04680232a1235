//! Pair matching: an earner pairs the oldest unmatched counting members of its two legs; each member is used once.

use super::Arena;
use crate::domain::input::{PairMade, TreeError};
use crate::domain::input_context::InputContext;
use crate::domain::node::NodeIndex;
use crate::domain::rules::SlotDecision;
use domain::Side;

impl Arena {
    /// Makes a member count, with the matching order of the input. Increments every leg count above, then matches every
    /// earner above, nearest first.
    pub(super) fn count_and_match(&mut self, node: NodeIndex, context: &mut InputContext<'_>) -> Result<(), TreeError> {
        self.set_matching_order(node, context.order);
        self.begin_limit_period(context.terms.version, context.terms.period());
        let mut above = self.increment_leg_counts(node);
        while let Some((at, side)) = above {
            let upward = *self.upward(at);
            if upward.pair_counter.has_frontier(side) {
                self.add_to_frontier(at, side, node);
            }
            if upward.count.smaller() > upward.pair_counter.outstanding() && !upward.pair_counter.is_at_limit() {
                self.match_earner(at, Some((side, node)), context)?;
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
        context: &mut InputContext<'_>,
    ) -> Result<(), TreeError> {
        let terms = context.terms;
        if !terms.may_earn(earner, self.is_distributor(earner)) {
            self.mark_at_limit(earner, terms.version, terms.period());
            return Ok(());
        }
        while self.backlog(earner) > 0 {
            let used_slots = self.earner_state(earner).used_slots(&terms);
            let slot = match terms.decide_slot(used_slots) {
                SlotDecision::Slot(slot) => Some(slot),
                SlotDecision::Flush => None,
                SlotDecision::Carry => {
                    self.mark_at_limit(earner, terms.version, terms.period());
                    return Ok(());
                }
            };
            self.record_earner_undo(earner);
            let wanted = terms.allowed_pairs(self.backlog(earner), used_slots);
            let left = self.claim_oldest(earner, Side::Left, wanted, new_member)?;
            let right = self.claim_oldest(earner, Side::Right, wanted, new_member)?;
            let earner_state = self.earner_state_mut(earner);
            let number = earner_state.last_pair_number.checked_add(1).ok_or(TreeError::Full)?;
            earner_state.last_pair_number = number;
            if slot.is_some() {
                earner_state.use_slot(&terms);
            }
            let pair_counter = &mut self.upward_mut(earner).pair_counter;
            pair_counter.set_outstanding(pair_counter.outstanding() + 1);
            let is_active_buyer = self.is_active_buyer(earner);
            context.voidable_pairs.add(earner, number, left, right);
            context.last_ordinal += 1;
            context.made.push(PairMade {
                ordinal: context.last_ordinal,
                earner,
                number,
                left,
                right,
                period: terms.period(),
                slot,
                earner_active_buyer: is_active_buyer,
                plan_version: terms.version,
                pay: terms.pay(number, slot, is_active_buyer)?,
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
        if let Some(member) = self.take_oldest_freed(earner, side) {
            return Ok(member);
        }
        let member = self
            .next_oldest_in_leg(earner, side, wanted)
            .ok_or(TreeError::Inconsistent("no unmatched member in a leg with a backlog"))?;
        let order = self.matching_order(member);
        self.earner_state_mut(earner).matched_up_to.set(side, order);
        Ok(member)
    }
}
