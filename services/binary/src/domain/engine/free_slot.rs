//! Search for the nearest free slot below a node, in level order.
//!
//! Every node stores for each leg the distance to the nearest free slot, so the search takes one step a level and at
//! most log2(members) steps.

use super::Arena;
use crate::domain::node::{NO_NODE, NodeIndex};
use domain::Side;

/// Result of the last search. Slots are only ever filled and a new node's slots are one level deeper, so the same
/// search continues to the right on the same level, or on the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct FreeSlotHint {
    from: NodeIndex,
    prefers: Option<Side>,
    found: NodeIndex,
}

impl Arena {
    /// The first free slot below `from`: shallowest level first, then leftmost; inside the preferred leg of `from` when
    /// there is a preference.
    pub(super) fn find_free_slot(&self, from: NodeIndex, prefers: Option<Side>) -> (NodeIndex, Side) {
        let mut top = from;
        if let Some(side) = prefers {
            match self.child(from, side) {
                None => return (from, side),
                Some(child) => top = child,
            }
        }
        let hint = self.free_slot_hint.filter(|hint| (hint.from, hint.prefers) == (from, prefers));
        let mut at = hint.and_then(|hint| self.next_on_same_level(hint.found, top)).unwrap_or(top);
        loop {
            match self.step_towards_free_slot(at) {
                (side, NO_NODE) => return (at, side),
                (_, child) => at = child,
            }
        }
    }

    /// Records where a search ended; its slot is being filled.
    pub(super) fn record_free_slot_hint(&mut self, from: NodeIndex, prefers: Option<Side>, found: NodeIndex) {
        // The search ended above the preferred leg when that leg was empty.
        let is_inside = prefers.is_none() || found != from;
        self.free_slot_hint = is_inside.then_some(FreeSlotHint { from, prefers, found });
    }

    /// The next node at or to the right of `found` that leads to a free slot on its level, within the subtree of `top`.
    fn next_on_same_level(&self, found: NodeIndex, top: NodeIndex) -> Option<NodeIndex> {
        if self.downward(found).free_slot_distance.smaller() == 0 {
            return Some(found);
        }
        let (mut at, mut height) = (found, 0);
        while at != top {
            let (parent, side) = self.parent(at)?;
            (at, height) = (parent, height + 1);
            let downward = self.downward(at);
            if side == Side::Left && downward.free_slot_distance.right() == height {
                return Some(downward.child.right());
            }
        }
        None
    }

    /// The side with the nearest free slot, and the child on that side ([`NO_NODE`] when the slot is free).
    pub(super) fn step_towards_free_slot(&self, at: NodeIndex) -> (Side, NodeIndex) {
        let downward = self.downward(at);
        let distance = downward.free_slot_distance;
        let side = if distance.left() <= distance.right() { Side::Left } else { Side::Right };
        (side, downward.child.get(side))
    }

    /// Sets the distance to the nearest free slot of a leg and propagates it upwards as far as it changes.
    pub(super) fn set_free_slot_distance(&mut self, node: NodeIndex, side: Side, distance: u8) {
        let (mut at, mut side, mut distance) = (node, side, distance);
        loop {
            let distances = &mut self.downward_mut(at).free_slot_distance;
            let before = distances.smaller();
            distances.set(side, distance);
            let now = distances.smaller();
            let Some(parent) = self.parent(at).filter(|_| now != before) else { return };
            ((at, side), distance) = (parent, now.saturating_add(1));
        }
    }
}
