//! Node storage: four arrays with one record of each node.
//!
//! A child is placed after its parent, so a node's index is greater than those of all its ancestors. No function
//! recurses, so a chain of any depth is safe.

use super::Arena;
use super::earner_state::EarnerState;
use super::node::{ACTIVE, DISTRIBUTOR, DownwardNode, NodeIdentity, PairCounter, ParentLink, UpwardNode};
use super::undo::UndoEntry;
use crate::domain::input::{PlacedNode, TreeError};
use crate::domain::legs::Legs;
use crate::domain::node::{NO_NODE, NodeIndex};
use domain::{Side, UserId};

/// A pair counter has 29 bits, and each pair uses two members.
const MAX_NODES: usize = 1 << 30;

pub(super) fn to_usize(node: NodeIndex) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

#[expect(clippy::indexing_slicing, reason = "only `push` creates node indexes")]
fn node_at<T>(nodes: &[T], node: NodeIndex) -> &T {
    &nodes[to_usize(node)]
}
#[expect(clippy::indexing_slicing, reason = "only `push` creates node indexes")]
fn node_at_mut<T>(nodes: &mut [T], node: NodeIndex) -> &mut T {
    &mut nodes[to_usize(node)]
}

const fn write_flag(flags: &mut u8, flag: u8, on: bool) {
    *flags = if on { *flags | flag } else { *flags & !flag };
}

impl Arena {
    pub(super) fn upward(&self, node: NodeIndex) -> &UpwardNode {
        node_at(&self.upward_nodes, node)
    }
    pub(super) fn upward_mut(&mut self, node: NodeIndex) -> &mut UpwardNode {
        node_at_mut(&mut self.upward_nodes, node)
    }
    pub(super) fn downward(&self, node: NodeIndex) -> &DownwardNode {
        node_at(&self.downward_nodes, node)
    }
    pub(super) fn downward_mut(&mut self, node: NodeIndex) -> &mut DownwardNode {
        node_at_mut(&mut self.downward_nodes, node)
    }
    pub(super) fn earner_state(&self, node: NodeIndex) -> &EarnerState {
        node_at(&self.earner_states, node)
    }
    pub(super) fn earner_state_mut(&mut self, node: NodeIndex) -> &mut EarnerState {
        node_at_mut(&mut self.earner_states, node)
    }
    pub(super) fn identity(&self, node: NodeIndex) -> &NodeIdentity {
        node_at(&self.identities, node)
    }

    /// Like [`Arena::find`], by hash alone: a collision returns another member's node. For prefetching only.
    pub(super) fn find_unchecked(&self, id: UserId) -> Option<NodeIndex> {
        self.index.find(id, |_| true)
    }

    /// Adds a member who does not count yet. Errors with `AlreadyPlaced`, `SlotTaken` or `Full`.
    pub(super) fn add_node(
        &mut self,
        id: UserId,
        parent: NodeIndex,
        side: Side,
        placement_order: u32,
    ) -> Result<PlacedNode, TreeError> {
        if self.identities.len() >= MAX_NODES {
            return Err(TreeError::Full);
        }
        if self.child(parent, side).is_some() {
            return Err(if self.find(id).is_some() { TreeError::AlreadyPlaced(id) } else { TreeError::SlotTaken });
        }
        let node = self.indexes().end;
        let Self { index, identities, .. } = self;
        if !index.insert(id, node, |node| node_at(identities, node).id == id) {
            return Err(TreeError::AlreadyPlaced(id));
        }
        let depth = self.identity(parent).depth + 1;
        self.push(ParentLink::new(parent, side), NodeIdentity { id, depth }, placement_order);
        self.record_undo(UndoEntry::Placed);
        self.downward_mut(parent).child.set(side, node);
        // The new node's free slots are one level below it.
        self.set_free_slot_distance(parent, side, 1);
        Ok(PlacedNode { node, parent, side, depth })
    }

    pub(super) fn push(&mut self, parent: ParentLink, identity: NodeIdentity, placement_order: u32) {
        self.upward_nodes.push(UpwardNode { parent, count: Legs::default(), pair_counter: PairCounter::default() });
        self.downward_nodes.push(DownwardNode {
            child: Legs::new(NO_NODE, NO_NODE),
            placement_order,
            free_slot_distance: Legs::default(),
            flags: 0,
        });
        self.earner_states.push(EarnerState::default());
        self.identities.push(identity);
    }

    /// Removes the node placed last and its contribution to the leg counts.
    pub(super) fn remove_last(&mut self) {
        let Some(node) = self.indexes().last() else { return };
        if self.is_counting(node) {
            self.set_counting(node, 0);
        }
        self.index.remove(self.id(node), |other| other == node);
        if let Some((parent, side)) = self.parent(node) {
            self.downward_mut(parent).child.set(side, NO_NODE);
            self.set_free_slot_distance(parent, side, 0);
        }
        self.upward_nodes.pop();
        self.downward_nodes.pop();
        self.earner_states.pop();
        self.identities.pop();
    }

    pub(super) fn set_active_buyer_flag(&mut self, node: NodeIndex, active: bool) {
        write_flag(&mut self.downward_mut(node).flags, ACTIVE, active);
    }
    pub(super) fn set_distributor_flag(&mut self, node: NodeIndex, distributor: bool) {
        write_flag(&mut self.downward_mut(node).flags, DISTRIBUTOR, distributor);
        // An earner who may not match without the label may carry the mark.
        self.upward_mut(node).pair_counter.set_at_limit(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_eighty_four_bytes() {
        assert_eq!(
            (size_of::<UpwardNode>(), size_of::<DownwardNode>(), size_of::<EarnerState>(), size_of::<NodeIdentity>()),
            (16, 16, 32, 20)
        );
    }
}
