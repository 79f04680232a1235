//! Reads of positions, leg counts, payments and labels.

use super::Arena;
use super::earner_state::EarnerState;
use super::node::{ACTIVE, COUNTING, DISTRIBUTOR, DownwardNode, NodeIdentity, UpwardNode};
use super::storage::to_usize;
use crate::domain::legs::Legs;
use crate::domain::node_index::{NO_NODE, NodeIndex, ROOT};
use domain::{Money, Side, UserId};

impl Arena {
    /// Number of placed members, without the company.
    pub fn len(&self) -> usize {
        self.identities.len().saturating_sub(1)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Indexes of all members, without the company.
    pub fn members(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        1..NodeIndex::try_from(self.identities.len()).unwrap_or(NO_NODE)
    }
    /// The node of a member; `None` when the member is not placed.
    pub fn find(&self, id: UserId) -> Option<NodeIndex> {
        self.index.find(id, |node| self.identity(node).id == id)
    }
    /// Whether this index belongs to a node.
    pub fn contains(&self, node: NodeIndex) -> bool {
        to_usize(node) < self.identities.len()
    }
    /// Memory in use by nodes, user index and order overrides, in bytes; spare capacity is not included.
    pub fn bytes(&self) -> usize {
        let node =
            size_of::<UpwardNode>() + size_of::<DownwardNode>() + size_of::<EarnerState>() + size_of::<NodeIdentity>();
        self.identities.len() * node + self.index.bytes() + self.order_overrides.len() * size_of::<(NodeIndex, u32)>()
    }

    /// The user id of a node; nil for the company.
    pub fn id(&self, node: NodeIndex) -> UserId {
        self.identity(node).id
    }
    /// The user id of a member; `None` for the company.
    pub fn member_id(&self, node: NodeIndex) -> Option<UserId> {
        (node != ROOT && node != NO_NODE).then(|| self.id(node))
    }
    /// Parent and side; `None` for the company.
    pub fn parent(&self, node: NodeIndex) -> Option<(NodeIndex, Side)> {
        self.upward(node).parent.get()
    }
    /// Every ancestor, nearest first, with the leg of that ancestor in which the node is.
    pub fn upline(&self, node: NodeIndex) -> impl Iterator<Item = (NodeIndex, Side)> {
        std::iter::successors(self.parent(node), |(at, _)| self.parent(*at))
    }
    /// The child on one side.
    pub fn child(&self, node: NodeIndex, side: Side) -> Option<NodeIndex> {
        Some(self.downward(node).child.get(side)).filter(|node| *node != NO_NODE)
    }
    /// Levels below the company.
    pub fn depth(&self, node: NodeIndex) -> u32 {
        self.identity(node).depth
    }
    /// Counting members in each leg.
    pub fn leg_counts(&self, node: NodeIndex) -> Legs<u32> {
        self.upward(node).count
    }
    /// Whether the member counts.
    pub fn is_counting(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & COUNTING != 0
    }
    /// Payments minus refunds.
    pub fn net_paid(&self, node: NodeIndex) -> Money {
        self.earner_state(node).net_paid
    }
    /// The number of the earner's latest pair; 0 before the first.
    pub fn last_pair_number(&self, node: NodeIndex) -> u32 {
        self.earner_state(node).last_pair_number
    }
    /// Pairs that the earner could make without a limit.
    pub fn backlog(&self, node: NodeIndex) -> u32 {
        let upward = self.upward(node);
        if node == ROOT { 0 } else { upward.count.smaller().saturating_sub(upward.pair_counter.outstanding()) }
    }
    /// Whether `node` is `ancestor` or below it.
    pub fn is_within(&self, node: NodeIndex, ancestor: NodeIndex) -> bool {
        node == ancestor || self.leg_of(ancestor, node).is_some()
    }
    /// The leg of `ancestor` in which the node is; `None` when it is not below `ancestor`.
    pub fn leg_of(&self, ancestor: NodeIndex, node: NodeIndex) -> Option<Side> {
        // Ancestors have smaller indexes: below `ancestor`'s index the search is over.
        self.upline(node).take_while(|(at, _)| *at >= ancestor).find(|(at, _)| *at == ancestor).map(|(_, side)| side)
    }

    /// Whether the member is an Active Buyer.
    pub fn is_active_buyer(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & ACTIVE != 0
    }
    /// Whether the member has the distributor label.
    pub fn is_distributor(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & DISTRIBUTOR != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, Tree, VoidablePairs};
    use domain::Timestamp;

    #[test]
    fn a_deep_chain_needs_no_recursion_and_is_found_from_its_top() {
        const DEPTH: u32 = 3_000;
        let user = |n: u32| UserId::from(uuid::Uuid::from_u128(u128::from(n)));
        let (mut tree, mut voidable_pairs) = (Tree::default(), VoidablePairs::default());
        for n in 1..=DEPTH {
            let input = Input::Placed {
                user: user(n),
                sponsor: (n > 1).then(|| user(n - 1)),
                prefers: Some(Side::Left),
                distributor: false,
                amount: Money::from_rupees(500),
            };
            tree.apply(Timestamp::UNIX_EPOCH, &input, &mut voidable_pairs).expect("placed");
        }
        let arena = tree.arena();
        let bottom = arena.find(user(DEPTH)).expect("placed");
        assert_eq!((arena.depth(bottom), arena.leg_counts(1).left()), (DEPTH, DEPTH - 1));
        assert_eq!((arena.leg_of(1, bottom), arena.is_within(bottom, 1)), (Some(Side::Left), true));
        assert_eq!(arena.find_vacancy(ROOT, None), (ROOT, Side::Right));
        assert_eq!(arena.find_vacancy(bottom, None), (bottom, Side::Left));
    }
}
