//! Engine of the tree: the [rules](super::rules) for ten million members in memory.
//!
//! It finds free slots, counts legs and makes pairs without scanning whole legs. All of it is behind the methods of
//! [`Arena`] in this file: [`super::tree`] decides what an input means and makes every change through them.
//!
//! A child is placed after its parent, so a node's index is greater than those of its ancestors, and no descendant has
//! an earlier matching order than the node's placement. The searches rely on both.
//!
//! | technique | file |
//! |---|---|
//! | Records by access pattern: a node is four short records in four arrays | [`node`], [`earner_state`], [`storage`], [`reads`] |
//! | Hash index from user id to node, of cache lines in the order of hashes | [`index`] |
//! | Nearest free slot: every node knows the distance to it in each leg | [`free_slot`] |
//! | Leg counts, incremented on the path from a node to the company | [`counting`] |
//! | Pair matching, and the members whom a voided pair frees | [`matching`], [`freed_members`] |
//! | Marks of earners at their limit, whom a new member cannot give a pair | [`limit_marks`] |
//! | Bounded breadth-first search for the oldest unmatched members of a leg, with a cache of results | [`leg_search`] |
//! | Priority-queue search where the bounded one reaches its limit | [`frontier`] |
//! | Prefetch: the nodes of many inputs are loaded in lockstep, so that their cache misses overlap | [`prefetch`] |
//! | Undo log: rollback of a batch without a copy | [`undo`] |
//! | Digest of the state | [`state_digest`] |
//! | Nodes as records of a snapshot | [`snapshot`] |

mod counting;
mod earner_state;
mod free_slot;
mod freed_members;
mod frontier;
mod index;
mod leg_search;
mod limit_marks;
mod matching;
mod node;
mod prefetch;
mod reads;
mod snapshot;
mod state_digest;
mod storage;
mod undo;

use super::input::{Input, PlacedNode, TreeError};
use super::input_context::InputContext;
use super::node::{Node, NodeIndex};
use super::rules::{MAX_OPENING_NODES, MAX_OPENING_PAIRS, MatchingTerms, counts};
use domain::{Money, Side, UserId};
use earner_state::EarnerState;
use free_slot::FreeSlotHint;
use frontier::Frontiers;
use index::UserIndex;
use leg_search::{LegSearches, SearchCache};
use node::{DownwardNode, NodeIdentity, ParentLink, UpwardNode};
use std::collections::HashMap;
use std::hash::Hasher;
use undo::UndoEntry;

/// All nodes, with the search caches and the undo log of the batch in progress. Node 0 is the company.
#[derive(Debug, Clone, Default)]
pub(super) struct Arena {
    upward_nodes: Vec<UpwardNode>,
    downward_nodes: Vec<DownwardNode>,
    earner_states: Vec<EarnerState>,
    identities: Vec<NodeIdentity>,
    index: UserIndex,
    /// Matching order of the members who started to count after their placement.
    order_overrides: HashMap<NodeIndex, u32>,
    /// Counting members freed by a voided pair, oldest first, by earner and leg.
    freed_members: HashMap<(NodeIndex, Side), Vec<(u32, NodeIndex)>>,
    frontiers: Frontiers,
    undo_log: Vec<UndoEntry>,
    is_recording: bool,
    free_slot_hint: Option<FreeSlotHint>,
    leg_searches: LegSearches,
    search_cache: SearchCache,
    /// Plan version and period for which earners are marked as being at their limit.
    limit_period: Option<(u32, u32)>,
    has_earners_at_limit: bool,
}

/// A member to place.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewMember {
    pub(super) id: UserId,
    pub(super) distributor: bool,
    pub(super) net_paid: Money,
}

/// The slot of a new member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    /// The nearest free one below a node, in the preferred leg of that node if there is a preference.
    NearestFree {
        below: NodeIndex,
        prefers: Option<Side>,
    },
    Given {
        parent: NodeIndex,
        side: Side,
    },
}

/// Batches. After an error a change may be partly made: the caller rolls the batch back.
impl Arena {
    /// A tree with the company alone.
    pub(super) fn new() -> Self {
        let mut arena = Self::default();
        arena.push(ParentLink::ABSENT, NodeIdentity { id: UserId::from(uuid::Uuid::nil()), depth: 0 }, 0);
        arena
    }

    /// Starts a batch that can be rolled back.
    pub(super) fn begin(&mut self) {
        self.is_recording = true;
        self.undo_log.clear();
    }

    /// Makes the changes since [`Arena::begin`] permanent.
    pub(super) fn commit(&mut self) {
        self.is_recording = false;
        self.undo_log.clear();
    }

    /// Undoes the changes since [`Arena::begin`].
    pub(super) fn rollback(&mut self) {
        self.is_recording = false;
        self.clear_frontiers();
        // Earners marked as being at their limit may have free slots again.
        self.end_limit_period();
        self.free_slot_hint = None;
        self.undo_changes();
    }
}

/// Changes by one input.
impl Arena {
    /// Loads the nodes that these inputs will read into the processor cache. Changes no state.
    pub(super) fn prefetch<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone, terms: &MatchingTerms<'_>) {
        self.prefetch_inputs(inputs, terms);
    }

    /// Places a member. If the member counts, increments every leg count above and matches every earner above, nearest
    /// first.
    pub(super) fn place(
        &mut self,
        member: &NewMember,
        slot: Slot,
        context: &mut InputContext<'_>,
    ) -> Result<PlacedNode, TreeError> {
        let (parent, side) = match slot {
            Slot::NearestFree { below, prefers } => self.find_free_slot(below, prefers),
            Slot::Given { parent, side } => (parent, side),
        };
        let placed = self.add_node(member.id, parent, side, context.order)?;
        if let Slot::NearestFree { below, prefers } = slot {
            self.record_free_slot_hint(below, prefers, parent);
        }
        // No undo entries: removing the node undoes these too.
        self.set_distributor_flag(placed.node, member.distributor);
        self.earner_state_mut(placed.node).net_paid = member.net_paid;
        self.set_active_buyer_flag(placed.node, context.terms.plan.is_active_buyer(member.net_paid));
        if counts(member.net_paid) {
            self.count_and_match(placed.node, context)?;
        } else {
            self.add_uncounted_to_frontiers(placed.node);
        }
        Ok(placed)
    }

    /// Adds to the net amount that a member has paid. If the member starts or stops to count, changes every leg count
    /// above, voids the pairs of a member who stops, and matches every earner above, nearest first. Returns earner and
    /// number of the voided pairs.
    pub(super) fn change_net_paid(
        &mut self,
        node: NodeIndex,
        change: Money,
        context: &mut InputContext<'_>,
    ) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let net_paid = self.earner_state(node).net_paid.add(change)?;
        self.record_earner_undo(node);
        self.earner_state_mut(node).net_paid = net_paid;
        self.record_undo(UndoEntry::ActiveBuyer(node, self.is_active_buyer(node)));
        self.set_active_buyer_flag(node, context.terms.plan.is_active_buyer(net_paid));
        match (self.is_counting(node), counts(net_paid)) {
            (false, true) => {
                self.record_undo(UndoEntry::MatchingOrder(node, 0));
                self.count_and_match(node, context)?;
                Ok(Vec::new())
            }
            (true, false) => self.stop_counting(node, context),
            (false, false) | (true, true) => Ok(Vec::new()),
        }
    }

    /// Grants or revokes the distributor label, and matches a member who may earn from now on.
    pub(super) fn set_distributor(
        &mut self,
        node: NodeIndex,
        distributor: bool,
        context: &mut InputContext<'_>,
    ) -> Result<(), TreeError> {
        let before = self.is_distributor(node);
        self.record_undo(UndoEntry::Distributor(node, before));
        self.set_distributor_flag(node, distributor);
        let may_earn = |label| context.terms.may_earn(node, label);
        if !may_earn(before) && may_earn(distributor) { self.match_earner(node, None, context) } else { Ok(()) }
    }

    /// Matches the earners with a backlog in the order of placement, starting at `first`. Returns the node at which the
    /// next input continues.
    pub(super) fn open_period(
        &mut self,
        first: NodeIndex,
        context: &mut InputContext<'_>,
    ) -> Result<Option<NodeIndex>, TreeError> {
        for (node, visited) in (first..self.indexes().end).zip(0..) {
            if visited >= MAX_OPENING_NODES || context.made.len() >= MAX_OPENING_PAIRS {
                return Ok(Some(node));
            }
            if self.backlog(node) > 0 {
                self.match_earner(node, None, context)?;
            }
        }
        Ok(None)
    }
}

/// Reads.
impl Arena {
    /// The node of a member; `None` when the member is not placed.
    pub(super) fn find(&self, id: UserId) -> Option<NodeIndex> {
        self.index.find(id, |node| self.identity(node).id == id)
    }

    /// A node with its state; `None` for an index without a node.
    pub(super) fn node(&self, index: NodeIndex) -> Option<Node> {
        (index < self.indexes().end).then(|| self.copy_node(index))
    }

    /// All members in the order of placement, without the company.
    pub(super) fn members(&self) -> impl ExactSizeIterator<Item = Node> {
        self.indexes().map(|index| self.copy_node(index))
    }

    /// Slots that the earner has used in the current period of the limit.
    pub(super) fn used_slots(&self, earner: NodeIndex, terms: &MatchingTerms<'_>) -> u32 {
        self.earner_state(earner).used_slots(terms)
    }

    /// Memory in use by nodes, user index and order overrides, in bytes; spare capacity is not included.
    pub(super) fn bytes(&self) -> usize {
        let node =
            size_of::<UpwardNode>() + size_of::<DownwardNode>() + size_of::<EarnerState>() + size_of::<NodeIdentity>();
        self.identities.len() * node + self.index.bytes() + self.order_overrides.len() * size_of::<(NodeIndex, u32)>()
    }

    /// Adds the state of every node to a digest.
    pub(super) fn digest(&self, hash: &mut impl Hasher) {
        self.write_digest(hash);
    }
}
