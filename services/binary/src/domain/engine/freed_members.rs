//! Freed members: those whose pair was voided because the other member stopped counting.

use super::Arena;
use super::node::HAS_FREED;
use super::undo::UndoEntry;
use crate::domain::input::TreeError;
use crate::domain::node_index::NodeIndex;
use crate::domain::voidable_pairs::VoidablePairs;
use domain::Side;

impl Arena {
    /// Voids the pairs that use a member, and makes their partners available again. Returns earner and number of the
    /// voided pairs.
    pub(super) fn void_pairs_of(
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
        let before = self.freed_members.get(&(earner, side)).cloned().unwrap_or_default();
        let entry = (self.matching_order(member), member);
        let mut after = before.clone();
        after.insert(after.partition_point(|e| *e < entry), entry);
        self.record_undo(UndoEntry::Freed(earner, side, before));
        self.set_freed_members(earner, side, after);
    }

    /// Removes a member who stops counting from the freed members above.
    pub(super) fn remove_from_freed(&mut self, node: NodeIndex, order: u32) {
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
