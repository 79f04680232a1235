//! Members who stop counting, and freed members: those whose pair was voided because the other member stopped.

use super::Arena;
use super::node::HAS_FREED;
use super::undo::UndoEntry;
use crate::domain::input::TreeError;
use crate::domain::input_context::InputContext;
use crate::domain::node::NodeIndex;
use crate::domain::voidable_pairs::VoidablePairs;
use domain::Side;

impl Arena {
    /// Stops a member counting. Decrements every leg count above, voids the pairs that use the member, makes their
    /// partners available again, and matches every earner above. Returns earner and number of the voided pairs.
    pub(super) fn stop_counting(
        &mut self,
        node: NodeIndex,
        context: &mut InputContext<'_>,
    ) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let order = self.matching_order(node);
        self.record_undo(UndoEntry::MatchingOrder(node, order));
        self.set_counting(node, 0);
        self.remove_from_freed(node, order);
        let voided = self.void_pairs_of(node, context.voidable_pairs)?;
        let mut parent = self.parent(node);
        while let Some((at, _)) = parent {
            self.match_earner(at, None, context)?;
            parent = self.parent(at);
        }
        Ok(voided)
    }

    fn void_pairs_of(
        &mut self,
        node: NodeIndex,
        voidable_pairs: &mut VoidablePairs,
    ) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let mut voided = Vec::new();
        for voided_pair in voidable_pairs.remove_pairs_of(node) {
            self.record_earner_undo(voided_pair.earner);
            let pair_counter = &mut self.upward_mut(voided_pair.earner).pair_counter;
            pair_counter.set_outstanding(pair_counter.outstanding().saturating_sub(1));
            let partner_side = self
                .leg_of(voided_pair.earner, voided_pair.partner)
                .ok_or(TreeError::Inconsistent("the partner of a voided pair is not below the earner"))?;
            self.restore_partner(voided_pair.earner, partner_side, voided_pair.partner);
            voided.push((voided_pair.earner, voided_pair.number));
        }
        Ok(voided)
    }

    /// Makes the partner of a voided pair available again.
    fn restore_partner(&mut self, earner: NodeIndex, side: Side, member: NodeIndex) {
        let entry = (self.matching_order(member), member);
        self.change_freed(earner, side, |members| {
            members.insert(members.partition_point(|other| *other < entry), entry);
        });
    }

    /// Removes a member who stops counting from the freed members above.
    fn remove_from_freed(&mut self, node: NodeIndex, order: u32) {
        let mut parent = self.parent(node);
        while let Some((at, side)) = parent {
            if self.freed(at, side).contains(&(order, node)) {
                self.change_freed(at, side, |members| members.retain(|entry| *entry != (order, node)));
            }
            parent = self.parent(at);
        }
    }

    /// Removes and returns the oldest freed member of a leg.
    pub(super) fn take_oldest_freed(&mut self, earner: NodeIndex, side: Side) -> Option<NodeIndex> {
        let oldest = *self.freed(earner, side).first()?;
        self.change_freed(earner, side, |members| members.retain(|entry| *entry != oldest));
        Some(oldest.1)
    }

    /// Matching order and node of the freed members of a leg, oldest first.
    fn freed(&self, earner: NodeIndex, side: Side) -> &[(u32, NodeIndex)] {
        let has_freed = self.downward(earner).flags & HAS_FREED.get(side) != 0;
        let members = has_freed.then(|| self.freed_members.get(&(earner, side))).flatten();
        members.map_or(&[], Vec::as_slice)
    }

    fn change_freed(&mut self, earner: NodeIndex, side: Side, change: impl FnOnce(&mut Vec<(u32, NodeIndex)>)) {
        let before = self.freed(earner, side).to_vec();
        let mut after = before.clone();
        change(&mut after);
        self.record_undo(UndoEntry::Freed(earner, side, before));
        self.set_freed_members(earner, side, after);
    }

    /// Replaces the freed members of a leg.
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
