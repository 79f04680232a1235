//! Engine of the tree: the fast structure behind [`Arena`], which keeps ten million members in memory.
//!
//! It finds slots, counts legs and makes pairs without scanning whole legs. [`super::tree`] decides what an input means
//! and makes every change through the methods in this file; [`reads`] and [`Arena::find_vacancy`] are open to all. The
//! reference model of the tests (`domain/model.rs`) gives the same results by plain scans.
//!
//! | technique | file |
//! |---|---|
//! | Records by access pattern: a node is four short records in four arrays | [`node`], [`earner_state`], [`storage`] |
//! | Hash index from user id to node, of cache lines in the order of hashes | [`index`] |
//! | Nearest free slot: every node knows the distance to it in each leg | [`vacancy`] |
//! | Leg counts, incremented from a node to the company | [`counting`] |
//! | Pair matching, and the members whom a voided pair frees | [`matching`], [`freed_members`], [`limit_marks`] |
//! | Bounded breadth-first search for the oldest unmatched member of a leg, with a cache of results | [`leg_search`] |
//! | Priority-queue search where the bounded one reaches its limit | [`frontier`] |
//! | Prefetch: the inputs ahead load their nodes in lockstep | [`prefetch`] |
//! | Undo log: rollback of a batch without a copy | [`undo`] |
//! | Digest of the state | [`state_digest`] |

mod counting;
mod earner_state;
mod freed_members;
mod frontier;
mod index;
mod leg_search;
mod limit_marks;
mod matching;
mod node;
mod prefetch;
mod reads;
mod state_digest;
mod storage;
mod undo;
mod vacancy;

use super::digest::Digest;
use super::input::{Input, PlacedNode, TreeError};
use super::matching_terms::MatchingTerms;
use super::node_index::NodeIndex;
use super::pairs_made::PairsMade;
use domain::{Money, Side, UserId};
use earner_state::EarnerState;
use frontier::Frontiers;
use index::UserIndex;
use leg_search::{LegSearches, SearchCache};
use node::{DownwardNode, NodeIdentity, ParentLink, UpwardNode};
use std::collections::HashMap;
use undo::UndoEntry;
use vacancy::VacancyHint;

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
    freed_members: HashMap<(NodeIndex, Side), Vec<(u32, NodeIndex)>>,
    frontiers: Frontiers,
    undo_log: Vec<UndoEntry>,
    is_recording: bool,
    vacancy_hint: Option<VacancyHint>,
    leg_searches: LegSearches,
    search_cache: SearchCache,
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

/// A member to place.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewMember {
    pub(super) id: UserId,
    pub(super) placement_order: u32,
    pub(super) distributor: bool,
    pub(super) net_paid: Money,
    pub(super) is_active_buyer: bool,
}

/// Changes. After an error a change may be partly made: the caller rolls the batch back.
impl Arena {
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
        self.vacancy_hint = None;
        self.undo_changes();
    }

    /// Loads the nodes that these inputs will read into the processor cache. Changes no state.
    pub(super) fn prefetch<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone, terms: &MatchingTerms<'_>) {
        self.prefetch_inputs(inputs, terms);
    }

    /// Places a member in the first free slot below `from`, makes the member count, and matches every earner above.
    pub(super) fn place_in_level_order(
        &mut self,
        member: &NewMember,
        from: NodeIndex,
        prefers: Option<Side>,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<PlacedNode, TreeError> {
        let (parent, side) = self.find_vacancy(from, prefers);
        let placed = self.place(member, parent, side)?;
        self.record_vacancy_hint(from, prefers, parent);
        self.count_and_match(placed.node, member.placement_order, terms, made)?;
        Ok(placed)
    }

    /// Places a member in the given slot; the member does not count yet.
    pub(super) fn place_manually(
        &mut self,
        member: &NewMember,
        parent: NodeIndex,
        side: Side,
    ) -> Result<PlacedNode, TreeError> {
        let placed = self.place(member, parent, side)?;
        self.add_uncounted_to_frontiers(placed.node);
        Ok(placed)
    }

    fn place(&mut self, member: &NewMember, parent: NodeIndex, side: Side) -> Result<PlacedNode, TreeError> {
        let placed = self.add_node(member.id, parent, side, member.placement_order)?;
        // No undo entries: removing the node undoes these too.
        self.set_distributor_flag(placed.node, member.distributor);
        self.earner_state_mut(placed.node).net_paid = member.net_paid;
        self.set_active_buyer_flag(placed.node, member.is_active_buyer);
        Ok(placed)
    }

    /// Sets the net amount that a member has paid, and whether it makes the member an Active Buyer.
    pub(super) fn set_net_paid(&mut self, node: NodeIndex, net_paid: Money, is_active_buyer: bool) {
        self.record_earner_undo(node);
        self.earner_state_mut(node).net_paid = net_paid;
        self.record_undo(UndoEntry::ActiveBuyer(node, self.is_active_buyer(node)));
        self.set_active_buyer_flag(node, is_active_buyer);
    }

    /// Grants or revokes the distributor label.
    pub(super) fn set_distributor(&mut self, node: NodeIndex, distributor: bool) {
        self.record_undo(UndoEntry::Distributor(node, self.is_distributor(node)));
        self.set_distributor_flag(node, distributor);
    }

    /// Makes a placed member count, with this matching order, and matches every earner above, nearest first.
    pub(super) fn start_counting(
        &mut self,
        node: NodeIndex,
        order: u32,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<(), TreeError> {
        self.record_undo(UndoEntry::MatchingOrder(node, 0));
        self.count_and_match(node, order, terms, made)
    }

    /// Stops a member counting. Decrements every leg count above, voids the pairs that use the member, makes their
    /// partners available again, and matches every earner above. Returns earner and number of the voided pairs.
    pub(super) fn stop_counting(
        &mut self,
        node: NodeIndex,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let order = self.matching_order(node);
        self.record_undo(UndoEntry::MatchingOrder(node, order));
        self.set_counting(node, 0);
        self.remove_from_freed(node, order);
        let voided = self.void_pairs_of(node, made.voidable_pairs)?;
        let mut parent = self.parent(node);
        while let Some((at, _)) = parent {
            self.match_pairs(at, terms, made)?;
            parent = self.parent(at);
        }
        Ok(voided)
    }

    /// Makes every pair that the earner may have now.
    pub(super) fn match_pairs(
        &mut self,
        earner: NodeIndex,
        terms: &MatchingTerms<'_>,
        made: &mut PairsMade<'_>,
    ) -> Result<(), TreeError> {
        self.match_earner(earner, None, terms, made)
    }

    /// Adds the state of every node to a digest.
    pub(super) fn digest(&self, hash: &mut Digest) {
        self.write_digest(hash);
    }
}
