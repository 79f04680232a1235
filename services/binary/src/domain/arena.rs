//! Node storage: positions and leg counts.
//!
//! A child is placed after its parent, so a node's index is greater than those of all its ancestors. No function
//! recurses, so a chain of any depth is safe.

use super::frontier::Frontiers;
use super::index::UserIndex;
use super::input::{PlacedNode, TreeError};
use super::leg_search::{LegSearches, SearchCache};
use super::legs::Legs;
use super::matching::EarnerState;
use super::node::{
    ACTIVE, COUNTING, DISTRIBUTOR, DownwardNode, NO_NODE, NodeIdentity, NodeIndex, ORDER_OVERRIDDEN, PairCounter,
    ParentLink, ROOT, UpwardNode,
};
use super::undo::UndoEntry;
use super::vacancy::VacancyHint;
use domain::{Money, Side, UserId};
use std::collections::HashMap;

/// A pair counter has 29 bits, and each pair uses two members.
const MAX_NODES: usize = 1 << 30;

/// All nodes, with the search caches and the undo log of the batch in progress. Node 0 is the company.
#[derive(Debug, Clone)]
pub struct Arena {
    upward_nodes: Vec<UpwardNode>,
    downward_nodes: Vec<DownwardNode>,
    earner_states: Vec<EarnerState>,
    identities: Vec<NodeIdentity>,
    index: UserIndex,
    /// Matching order of the members who started to count after their placement.
    order_overrides: HashMap<NodeIndex, u32>,
    /// Counting members freed by a voided pair, oldest first, by earner and leg.
    pub(super) freed_members: HashMap<(NodeIndex, Side), Vec<(u32, NodeIndex)>>,
    pub(super) frontiers: Frontiers,
    pub(super) undo_log: Vec<UndoEntry>,
    pub(super) is_recording: bool,
    pub(super) vacancy_hint: Option<VacancyHint>,
    pub(super) leg_searches: LegSearches,
    pub(super) search_cache: SearchCache,
    /// Plan version and period for which earners are marked as being at their limit.
    limit_period: Option<(u32, u32)>,
    has_earners_at_limit: bool,
}

impl Default for Arena {
    fn default() -> Self {
        let mut arena = Self {
            upward_nodes: Vec::new(),
            downward_nodes: Vec::new(),
            earner_states: Vec::new(),
            identities: Vec::new(),
            index: UserIndex::default(),
            order_overrides: HashMap::new(),
            freed_members: HashMap::new(),
            frontiers: Frontiers::default(),
            undo_log: Vec::new(),
            is_recording: false,
            vacancy_hint: None,
            leg_searches: LegSearches::default(),
            search_cache: SearchCache::default(),
            limit_period: None,
            has_earners_at_limit: false,
        };
        arena.push(ParentLink::ABSENT, NodeIdentity { id: UserId::from(uuid::Uuid::nil()), depth: 0 }, 0);
        arena
    }
}

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

const fn set(flags: &mut u8, flag: u8, on: bool) {
    *flags = if on { *flags | flag } else { *flags & !flag };
}

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
        self.index.find(id, |node| node_at(&self.identities, node).id == id)
    }
    pub(super) const fn index(&self) -> &UserIndex {
        &self.index
    }
    /// Like [`Arena::find`], by hash alone: a collision returns another member's node. For prefetching only.
    pub(super) fn find_unchecked(&self, id: UserId) -> Option<NodeIndex> {
        self.index.find(id, |_| true)
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
    /// Position in the matching order; zero while the member does not count.
    pub(super) fn matching_order(&self, node: NodeIndex) -> u32 {
        let downward = self.downward(node);
        if downward.flags & ORDER_OVERRIDDEN != 0 {
            return self.order_overrides.get(&node).copied().unwrap_or(0);
        }
        if downward.flags & COUNTING == 0 { 0 } else { downward.placement_order }
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

    /// Adds a member who does not count yet. Errors with `AlreadyPlaced`, `SlotTaken` or `Full`.
    pub fn place(
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
        let node = NodeIndex::try_from(self.identities.len()).unwrap_or(NO_NODE);
        let Self { index, identities, .. } = self;
        if !index.insert(id, node, |node| node_at(identities, node).id == id) {
            return Err(TreeError::AlreadyPlaced(id));
        }
        let depth = self.depth(parent).saturating_add(1);
        self.push(ParentLink::new(parent, side), NodeIdentity { id, depth }, placement_order);
        self.record_undo(UndoEntry::Placed);
        self.downward_mut(parent).child.set(side, node);
        // The new node's free slots are one level below it.
        self.set_vacancy_distance(parent, side, 1);
        Ok(PlacedNode { node, parent, side, depth })
    }

    fn push(&mut self, parent: ParentLink, identity: NodeIdentity, placement_order: u32) {
        self.upward_nodes.push(UpwardNode { parent, count: Legs::default(), pair_counter: PairCounter::default() });
        self.downward_nodes.push(DownwardNode {
            child: Legs::new(NO_NODE, NO_NODE),
            placement_order,
            vacancy_distance: Legs::default(),
            flags: 0,
        });
        self.earner_states.push(EarnerState::default());
        self.identities.push(identity);
    }

    /// Removes the node placed last and its contribution to the leg counts.
    pub(super) fn remove_last(&mut self) {
        let Some(node) = NodeIndex::try_from(self.len()).ok().filter(|node| *node != ROOT) else { return };
        if self.is_counting(node) {
            self.set_counting(node, 0);
        }
        self.index.remove(self.id(node), |other| other == node);
        if let Some((parent, side)) = self.parent(node) {
            self.downward_mut(parent).child.set(side, NO_NODE);
            self.set_vacancy_distance(parent, side, 0);
        }
        self.upward_nodes.pop();
        self.downward_nodes.pop();
        self.earner_states.pop();
        self.identities.pop();
    }

    /// Starts a limit period: one plan version and one period of its limit. Clears the marks of the period before.
    ///
    /// Earners at their limit are marked until the period ends, so a member who joins below them needs no matching.
    /// Near the root that applies to nearly all earners.
    pub(super) fn begin_limit_period(&mut self, version: u32, period: u32) {
        if self.limit_period != Some((version, period)) {
            self.end_limit_period();
            self.limit_period = Some((version, period));
        }
    }

    /// Clears the marks of all earners at their limit.
    pub(super) fn end_limit_period(&mut self) {
        self.limit_period = None;
        if std::mem::take(&mut self.has_earners_at_limit) {
            self.upward_nodes.iter_mut().for_each(|upward| upward.pair_counter.set_at_limit(false));
        }
    }

    pub(super) fn mark_at_limit(&mut self, earner: NodeIndex, version: u32, period: u32) {
        self.begin_limit_period(version, period);
        self.has_earners_at_limit = true;
        self.upward_mut(earner).pair_counter.set_at_limit(true);
    }

    /// Whether the member is an Active Buyer.
    pub fn is_active_buyer(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & ACTIVE != 0
    }
    pub(super) fn set_active_buyer(&mut self, node: NodeIndex, active: bool) {
        set(&mut self.downward_mut(node).flags, ACTIVE, active);
    }

    /// Whether the member has the distributor label.
    pub fn is_distributor(&self, node: NodeIndex) -> bool {
        self.downward(node).flags & DISTRIBUTOR != 0
    }
    pub(super) fn set_distributor(&mut self, node: NodeIndex, distributor: bool) {
        set(&mut self.downward_mut(node).flags, DISTRIBUTOR, distributor);
        // An earner who may not match without the label may carry the mark.
        self.upward_mut(node).pair_counter.set_at_limit(false);
    }

    /// Sets a member's position in the matching order (zero: does not count). Leaves the leg counts alone.
    pub(super) fn set_matching_order(&mut self, node: NodeIndex, order: u32) {
        let downward = self.downward_mut(node);
        let (was_overridden, is_overridden) =
            (downward.flags & ORDER_OVERRIDDEN != 0, order != 0 && order != downward.placement_order);
        downward.flags &= !(COUNTING | ORDER_OVERRIDDEN);
        if order != 0 {
            downward.flags |= if is_overridden { COUNTING | ORDER_OVERRIDDEN } else { COUNTING };
        }
        if is_overridden {
            self.order_overrides.insert(node, order);
        } else if was_overridden {
            self.order_overrides.remove(&node);
        }
    }

    /// Sets a member's position in the matching order (zero: does not count) and updates every leg count above.
    pub(super) fn set_counting(&mut self, node: NodeIndex, order: u32) {
        self.search_cache = SearchCache::default();
        let before = self.matching_order(node);
        self.set_matching_order(node, order);
        let mut at = self.parent(node);
        while let Some((above, side)) = at {
            let upward = self.upward_mut(above);
            let count = upward.count.get_mut(side);
            *count = match (before, order) {
                (0, 0) => *count,
                (0, _) => count.saturating_add(1),
                (_, 0) => count.saturating_sub(1),
                (_, _) => *count,
            };
            at = upward.parent.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, Tree, VoidablePairs};
    use domain::Timestamp;

    #[test]
    fn a_node_is_eighty_four_bytes() {
        assert_eq!(
            (size_of::<UpwardNode>(), size_of::<DownwardNode>(), size_of::<EarnerState>(), size_of::<NodeIdentity>()),
            (16, 16, 32, 20)
        );
    }

    #[test]
    fn limit_marks_end_with_their_period_and_leave_the_other_bits_unchanged() {
        let mut arena = Arena::default();
        let pair_counter = |arena: &Arena| arena.upward(ROOT).pair_counter;
        arena.begin_limit_period(1, 202_611);
        arena.upward_mut(ROOT).pair_counter.set_outstanding(7);
        arena.upward_mut(ROOT).pair_counter.set_frontier(Side::Right, true);
        arena.mark_at_limit(ROOT, 1, 202_611);
        arena.begin_limit_period(1, 202_611);
        assert!(pair_counter(&arena).is_at_limit());
        for (version, period) in [(2, 202_611), (2, 202_612)] {
            arena.begin_limit_period(version, period);
            assert!(!pair_counter(&arena).is_at_limit());
            arena.mark_at_limit(ROOT, version, period);
        }
        arena.end_limit_period();
        assert!(!pair_counter(&arena).is_at_limit());
        assert_eq!((pair_counter(&arena).outstanding(), pair_counter(&arena).has_frontier(Side::Right)), (7, true));
        assert!(!pair_counter(&arena).has_frontier(Side::Left));
    }

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
