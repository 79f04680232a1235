//! Breadth-first search for the oldest unmatched members of legs, for many earners at a time.
//!
//! At ten million members every step of a search is a cache miss that depends on the step before. Searches for
//! different earners are independent: running them in lockstep overlaps their cache misses.

use super::Arena;
use super::node::ORDER_OVERRIDDEN;
use super::storage::to_usize;
use crate::domain::node::{NO_NODE, NodeIndex};
use domain::Side;
use std::hint::black_box;

/// Nodes that one search may visit; beyond them the caller builds a [`super::frontier`].
const MAX_SEARCH_NODES: usize = 256;
/// Members that one search looks for.
const MAX_SEARCH_MEMBERS: u32 = 16;

/// Search for the oldest members of a leg after a position in the matching order.
#[derive(Debug, Clone)]
struct LegSearch {
    earner: NodeIndex,
    side: Side,
    after: u32,
    /// No node from this index on can be among the members wanted.
    end: NodeIndex,
    visited: usize,
    /// Range of its candidates among those of all searches.
    first: usize,
    last: usize,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    order: u32,
    node: NodeIndex,
    /// No node from this index on can have an earlier matching order. [`NO_NODE`] when the member's matching order
    /// differs from its placement order, because then its index gives no bound.
    end: NodeIndex,
}

const NO_CANDIDATE: Candidate = Candidate { order: u32::MAX, node: NO_NODE, end: NO_NODE };

/// Searches that run in lockstep. Reused to keep the allocated memory.
#[derive(Debug, Clone, Default)]
pub(super) struct LegSearches {
    searches: Vec<LegSearch>,
    candidates: Vec<Candidate>,
    /// Search and node.
    level: Vec<(usize, NodeIndex)>,
    next_level: Vec<(usize, NodeIndex)>,
}

impl LegSearches {
    fn clear(&mut self) {
        self.searches.clear();
        self.candidates.clear();
    }

    pub(super) fn add(&mut self, arena: &Arena, earner: NodeIndex, side: Side, wanted: u32) {
        let Some(leg) = arena.child(earner, side) else { return };
        let first = self.candidates.len();
        self.candidates.resize(first + to_usize(wanted.clamp(1, MAX_SEARCH_MEMBERS)), NO_CANDIDATE);
        self.level.push((self.searches.len(), leg));
        let (after, last) = (arena.earner_state(earner).matched_up_to.get(side), self.candidates.len() - 1);
        self.searches.push(LegSearch { earner, side, after, end: NO_NODE, visited: 0, first, last });
    }

    fn run(&mut self, arena: &Arena) {
        let Self { searches, candidates, level, next_level } = self;
        while !level.is_empty() {
            // Loads all nodes before any branch depends on one, as in [`super::prefetch`].
            for (_, node) in level.iter() {
                black_box(arena.downward(*node).placement_order);
            }
            for (number, node) in level.drain(..) {
                let Some(search) = searches.get_mut(number) else { continue };
                if node >= search.end || search.visited > MAX_SEARCH_NODES {
                    continue;
                }
                search.visited += 1;
                let (downward, order) = (arena.downward(node), arena.matching_order(node));
                if order > search.after {
                    search.add_candidate(candidates, node, order, downward.flags & ORDER_OVERRIDDEN != 0);
                }
                for child in [downward.child.left(), downward.child.right()] {
                    // `NO_NODE` is never below `end`.
                    if child < search.end {
                        next_level.push((number, child));
                    }
                }
            }
            std::mem::swap(level, next_level);
        }
    }
}

impl LegSearch {
    fn add_candidate(&mut self, candidates: &mut [Candidate], node: NodeIndex, order: u32, is_overridden: bool) {
        let Some(candidates) = candidates.get_mut(self.first..=self.last) else { return };
        let at = candidates.partition_point(|other| other.order < order);
        if let Some(later) = candidates.get_mut(at..).filter(|later| !later.is_empty()) {
            later.rotate_right(1);
            let end = if is_overridden { NO_NODE } else { node };
            later.iter_mut().take(1).for_each(|first| *first = Candidate { order, node, end });
        }
        self.end = candidates.last().map_or(NO_NODE, |last| last.end.min(self.end));
    }
}

/// Cache of search results. New members join at the end of the matching order, so they invalidate nothing; a change of
/// an existing member's matching order clears the cache.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchCache {
    slots: Vec<CachedMember>,
}

#[derive(Debug, Clone, Copy)]
struct CachedMember {
    earner: NodeIndex,
    side: Side,
    after: u32,
    member: NodeIndex,
}

impl SearchCache {
    const SLOTS: u32 = 4_096;

    fn slot(earner: NodeIndex, side: Side, after: u32) -> usize {
        let key = (earner << 1 | u32::from(side == Side::Right)) ^ after.rotate_left(16);
        to_usize(key.wrapping_mul(0x9E37_79B9) >> (32 - Self::SLOTS.ilog2()))
    }

    fn get(&self, earner: NodeIndex, side: Side, after: u32) -> Option<NodeIndex> {
        let cached = self.slots.get(Self::slot(earner, side, after))?;
        ((cached.earner, cached.side, cached.after) == (earner, side, after)).then_some(cached.member)
    }

    fn put(&mut self, cached: CachedMember) {
        self.slots.resize(
            to_usize(Self::SLOTS),
            CachedMember { earner: NO_NODE, side: Side::Left, after: 0, member: NO_NODE },
        );
        if let Some(slot) = self.slots.get_mut(Self::slot(cached.earner, cached.side, cached.after)) {
            *slot = cached;
        }
    }
}

/// Result of a search for the oldest member of a leg.
pub(super) enum OldestMember {
    Found(NodeIndex),
    NotFound,
    LimitReached,
}

impl Arena {
    /// The oldest counting member of the leg after [`matched_up_to`](super::earner_state::EarnerState::matched_up_to).
    /// Caches up to `wanted` members for the calls that follow.
    pub(super) fn find_oldest(&mut self, earner: NodeIndex, side: Side, wanted: u32) -> OldestMember {
        let after = self.earner_state(earner).matched_up_to.get(side);
        if let Some(member) = self.search_cache.get(earner, side, after) {
            return OldestMember::Found(member);
        }
        let mut searches = self.new_leg_searches();
        searches.add(self, earner, side, wanted);
        let is_limit_reached = self.run_leg_searches(searches);
        match self.search_cache.get(earner, side, after) {
            Some(member) => OldestMember::Found(member),
            None if is_limit_reached => OldestMember::LimitReached,
            None => OldestMember::NotFound,
        }
    }

    /// An empty set of searches, to fill and then to run with [`Arena::run_leg_searches`].
    pub(super) fn new_leg_searches(&mut self) -> LegSearches {
        let mut searches = std::mem::take(&mut self.leg_searches);
        searches.clear();
        searches
    }

    /// Runs the searches and caches their results. Returns whether a search reached [`MAX_SEARCH_NODES`].
    pub(super) fn run_leg_searches(&mut self, mut searches: LegSearches) -> bool {
        searches.run(self);
        let mut is_limit_reached = false;
        for search in &searches.searches {
            if search.visited > MAX_SEARCH_NODES {
                is_limit_reached = true;
                continue;
            }
            let candidates = searches.candidates.get(search.first..=search.last).unwrap_or_default();
            let after = std::iter::once(search.after).chain(candidates.iter().map(|candidate| candidate.order));
            // The first result is stored last, so that no other result of this search evicts it.
            let results: Vec<_> = after.zip(candidates).filter(|(_, candidate)| candidate.node != NO_NODE).collect();
            for (after, candidate) in results.into_iter().rev() {
                self.search_cache.put(CachedMember {
                    earner: search.earner,
                    side: search.side,
                    after,
                    member: candidate.node,
                });
            }
        }
        self.leg_searches = searches;
        is_limit_reached
    }
}
