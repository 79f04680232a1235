//! Reads of positions, leg counts, payments and labels.

use super::Arena;
use super::node::{ACTIVE, COUNTING, DISTRIBUTOR};
use crate::domain::legs::Legs;
use crate::domain::node::{NO_NODE, Node, NodeIndex, ROOT};
use domain::{Side, UserId};
use std::ops::Range;

impl Arena {
    /// Indexes of all members, without the company.
    pub(super) fn indexes(&self) -> Range<NodeIndex> {
        // `add_node` limits the number of nodes.
        1..NodeIndex::try_from(self.identities.len()).unwrap_or(NO_NODE)
    }
    /// A copy of a node. The index must have a node.
    pub(super) fn copy_node(&self, index: NodeIndex) -> Node {
        let (earner_state, upward) = (self.earner_state(index), self.upward(index));
        let unmatched = |side| upward.count.get(side).saturating_sub(upward.pair_counter.outstanding());
        Node {
            index,
            user: (index != ROOT).then(|| self.id(index)),
            parent: self.parent(index),
            children: Legs::new(self.child(index, Side::Left), self.child(index, Side::Right)),
            depth: self.identity(index).depth,
            leg_counts: upward.count,
            matching_order: Some(self.matching_order(index)).filter(|order| *order > 0),
            net_paid: earner_state.net_paid,
            is_active_buyer: self.is_active_buyer(index),
            is_distributor: self.is_distributor(index),
            last_pair_number: earner_state.last_pair_number,
            unmatched: Legs::new(unmatched(Side::Left), unmatched(Side::Right)),
        }
    }
    /// The user id of a node; nil for the company.
    pub(super) fn id(&self, node: NodeIndex) -> UserId {
        self.identity(node).id
    }
    /// Parent and side; `None` for the company.
    pub(super) fn parent(&self, node: NodeIndex) -> Option<(NodeIndex, Side)> {
        self.upward(node).parent.get()
    }
    /// The child on one side.
    pub(super) fn child(&self, node: NodeIndex, side: Side) -> Option<NodeIndex> {
        Some(self.downward(node).child.get(side)).filter(|node| *node != NO_NODE)
    }
    pub(super) fn is_counting(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & COUNTING != 0
    }
    /// Whether the member is an Active Buyer.
    pub(super) fn is_active_buyer(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & ACTIVE != 0
    }
    /// Whether the member has the distributor label.
    pub(super) fn is_distributor(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & DISTRIBUTOR != 0
    }
    /// Pairs that the earner could make without a limit.
    pub(super) fn backlog(&self, node: NodeIndex) -> u32 {
        let upward = self.upward(node);
        if node == ROOT { 0 } else { upward.count.smaller().saturating_sub(upward.pair_counter.outstanding()) }
    }
    /// Every ancestor, nearest first, with the leg of that ancestor in which the node is.
    pub(super) fn upline(&self, node: NodeIndex) -> impl Iterator<Item = (NodeIndex, Side)> {
        std::iter::successors(self.parent(node), |(at, _)| self.parent(*at))
    }
    /// The leg of `ancestor` in which the node is; `None` when it is not below `ancestor`.
    pub(super) fn leg_of(&self, ancestor: NodeIndex, node: NodeIndex) -> Option<Side> {
        // Ancestors have smaller indexes: below `ancestor`'s index the search is over.
        self.upline(node).take_while(|(at, _)| *at >= ancestor).find(|(at, _)| *at == ancestor).map(|(_, side)| side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, Tree, VoidablePairs};
    use domain::{Money, Timestamp};

    #[test]
    fn a_deep_chain_needs_no_recursion_and_is_found_from_its_top() {
        const DEPTH: u32 = 3_000;
        let user = |n: u32| UserId::from(uuid::Uuid::from_u128(u128::from(n)));
        let (mut tree, mut voidable_pairs) = (Tree::default(), VoidablePairs::default());
        let mut place = |n: u32, sponsor: Option<u32>, prefers| {
            let (sponsor, amount) = (sponsor.map(user), Money::from_rupees(500));
            let input = Input::Placed { user: user(n), sponsor, prefers, distributor: false, amount };
            let outcome = tree.apply(Timestamp::UNIX_EPOCH, &input, &mut voidable_pairs).expect("placed");
            outcome.placed.map(|at| (at.parent, at.side))
        };
        for n in 1..=DEPTH {
            place(n, n.checked_sub(1).filter(|n| *n > 0), Some(Side::Left));
        }
        assert_eq!(place(DEPTH + 1, None, None), Some((ROOT, Side::Right)));
        assert_eq!(place(DEPTH + 2, Some(DEPTH), None), Some((DEPTH, Side::Left)));
        let bottom = tree.node(DEPTH).expect("placed");
        assert_eq!((bottom.user, bottom.depth), (Some(user(DEPTH)), DEPTH));
        assert_eq!(tree.node(1).map(|top| top.leg_counts.left()), Some(DEPTH));
        assert!(tree.is_within(DEPTH, 1) && tree.is_within(1, 1));
        assert!(!tree.is_within(1, 2) && !tree.is_within(DEPTH + 1, 1));
    }
}
