//! Priority-queue search for the oldest unmatched member of a long leg.
//!
//! The frontier of a search is a heap of members (by matching order) and of subtrees not expanded yet (by placement
//! order of their top). No descendant has an earlier matching order than the placement of the top, so the heap yields
//! members in exactly the matching order, including members placed manually and members who count again.
//!
//! In most legs few members are matched and a short [`super::leg_search`] finds the next. Where it reaches its limit,
//! the leg gets a frontier that is maintained as members join.

use super::Arena;
use super::leg_search::OldestMember;
use crate::domain::node::{NO_NODE, NodeIndex};
use domain::Side;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Heap entries of all frontiers together, 12 bytes each; above the limit all frontiers are dropped.
const MAX_FRONTIER_ENTRIES: usize = 4_000_000;

#[derive(Debug, Clone, Default)]
struct Frontier {
    /// Order, node, and whether the entry is the member alone or the whole subtree.
    heap: BinaryHeap<Reverse<(u32, NodeIndex, bool)>>,
    /// Every subtree with a placement order up to this one has been expanded.
    expanded: u32,
}

/// All frontiers of the tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Frontiers {
    by_leg: HashMap<(NodeIndex, Side), Frontier>,
    entries: usize,
}

impl Arena {
    /// The oldest counting member of the leg that has not been matched yet. A frontier does not return a member twice,
    /// so the caller must claim it. `wanted` is the number of members that the caller will claim in a row.
    pub(super) fn next_oldest_in_leg(&mut self, earner: NodeIndex, side: Side, wanted: u32) -> Option<NodeIndex> {
        if !self.upward(earner).pair_counter.has_frontier(side) {
            match self.find_oldest(earner, side, wanted) {
                OldestMember::Found(member) => return Some(member),
                OldestMember::NotFound => return None,
                OldestMember::LimitReached => self.create_frontier(earner, side, self.child(earner, side)?),
            }
        }
        self.advance_frontier(earner, side, self.earner_state(earner).matched_up_to.get(side))
    }

    fn create_frontier(&mut self, earner: NodeIndex, side: Side, leg: NodeIndex) {
        if self.frontiers.entries > MAX_FRONTIER_ENTRIES {
            self.clear_frontiers();
        }
        let mut frontier = Frontier::default();
        frontier.heap.push(Reverse((self.downward(leg).placement_order, leg, false)));
        self.frontiers.entries += 1;
        self.frontiers.by_leg.insert((earner, side), frontier);
        self.upward_mut(earner).pair_counter.set_frontier(side, true);
    }

    fn advance_frontier(&mut self, earner: NodeIndex, side: Side, after: u32) -> Option<NodeIndex> {
        let mut frontier = self.frontiers.by_leg.remove(&(earner, side))?;
        let before = frontier.heap.len();
        let mut found = None;
        while let Some(Reverse((key, node, member))) = frontier.heap.pop() {
            let order = self.matching_order(node);
            if member {
                // An entry is stale when the member stopped counting or counts again.
                if order == key && key > after {
                    found = Some(node);
                    break;
                }
                continue;
            }
            frontier.expanded = key;
            if order > after {
                frontier.heap.push(Reverse((order, node, true)));
            }
            let child = self.downward(node).child;
            for child in [child.left(), child.right()] {
                if child != NO_NODE {
                    frontier.heap.push(Reverse((self.downward(child).placement_order, child, false)));
                }
            }
        }
        self.frontiers.entries = (self.frontiers.entries + frontier.heap.len()).saturating_sub(before);
        self.frontiers.by_leg.insert((earner, side), frontier);
        found
    }

    /// Adds `node` to the frontier of a leg, as a new node (counting or not) or as a member who starts to count later.
    pub(super) fn add_to_frontier(&mut self, earner: NodeIndex, side: Side, node: NodeIndex) {
        let (placement_order, order) = (self.downward(node).placement_order, self.matching_order(node));
        let parent_order = self.parent(node).map_or(0, |(parent, _)| self.downward(parent).placement_order);
        let Some(frontier) = self.frontiers.by_leg.get_mut(&(earner, side)) else { return };
        if order == placement_order || order == 0 {
            // New node: expanded later with its parent, unless the parent has been expanded.
            if parent_order <= frontier.expanded {
                frontier.heap.push(Reverse((placement_order, node, false)));
                self.frontiers.entries += 1;
            }
        } else if placement_order <= frontier.expanded {
            frontier.heap.push(Reverse((order, node, true)));
            self.frontiers.entries += 1;
        }
    }

    /// Adds a new node that does not count yet to the frontiers above, so that they find its descendants.
    pub(super) fn add_uncounted_to_frontiers(&mut self, node: NodeIndex) {
        let mut parent = self.parent(node);
        while let Some((at, side)) = parent {
            self.add_to_frontier(at, side, node);
            parent = self.parent(at);
        }
    }

    pub(super) fn clear_frontiers(&mut self) {
        let keys: Vec<(NodeIndex, Side)> = self.frontiers.by_leg.drain().map(|(key, _)| key).collect();
        self.frontiers.entries = 0;
        for (earner, side) in keys {
            if earner < self.indexes().end {
                self.upward_mut(earner).pair_counter.set_frontier(side, false);
            }
        }
    }
}
