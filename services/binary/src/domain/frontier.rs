//! The oldest unmatched member of a leg, without lists of members.
//!
//! Nobody below a node can be earlier in the matching order than the node was placed. So a search that
//! always looks at the earliest thing it knows of, a member or a whole subtree by its birth, meets members
//! in exactly the matching order, however they came to count: placed by hand first, or counting again.
//!
//! Few members are matched in most legs, and a short walk finds the next. Where the walk gets long, the
//! search is kept, a heap for the leg, and carried along as members join.

use super::arena::Arena;
use super::node::{Ix, NONE};
use super::walk::Oldest;
use domain::Side;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Entries of all kept searches together, 12 bytes each; above, all are dropped.
const KEPT: usize = 4_000_000;

#[derive(Debug, Clone, Default)]
struct Frontier {
    /// Place in the matching order, node, and whether it is the member alone or the whole subtree.
    heap: BinaryHeap<Reverse<(u32, Ix, bool)>>,
    /// Every subtree born up to here has been opened.
    opened: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Frontiers {
    of: HashMap<(Ix, Side), Frontier>,
    entries: usize,
}

impl Arena {
    /// The earliest counting member of the leg after all that have been taken from it. The caller takes it: a kept
    /// search does not offer it again. `wanted` are how many will be taken one after the other.
    pub(super) fn next_in_leg(&mut self, earner: Ix, side: Side, wanted: u32) -> Option<Ix> {
        if !self.rung(earner).live.is_searched(side) {
            match self.oldest(earner, side, wanted) {
                Oldest::Member(member) => return Some(member),
                Oldest::Nobody => return None,
                Oldest::TooFar => self.keep_frontier(earner, side, self.child(earner, side)?),
            }
        }
        self.advance(earner, side, self.account(earner).taken.get(side))
    }

    fn keep_frontier(&mut self, earner: Ix, side: Side, leg: Ix) {
        if self.frontiers.entries > KEPT {
            self.forget_frontiers();
        }
        let mut frontier = Frontier::default();
        frontier.heap.push(Reverse((self.fork(leg).born, leg, false)));
        self.frontiers.entries += 1;
        self.frontiers.of.insert((earner, side), frontier);
        self.rung_mut(earner).live.set_searched(side, true);
    }

    fn advance(&mut self, earner: Ix, side: Side, after: u32) -> Option<Ix> {
        let mut frontier = self.frontiers.of.remove(&(earner, side))?;
        let before = frontier.heap.len();
        let mut found = None;
        while let Some(Reverse((place, node, member))) = frontier.heap.pop() {
            let counted = self.counted(node);
            if member {
                // Who stopped counting, or counts anew, left an entry behind that no longer fits.
                if counted == place && place > after {
                    found = Some(node);
                    break;
                }
                continue;
            }
            frontier.opened = place;
            if counted > after {
                frontier.heap.push(Reverse((counted, node, true)));
            }
            let child = self.fork(node).child;
            for child in [child.left(), child.right()] {
                if child != NONE {
                    frontier.heap.push(Reverse((self.fork(child).born, child, false)));
                }
            }
        }
        self.frontiers.entries = (self.frontiers.entries + frontier.heap.len()).saturating_sub(before);
        self.frontiers.of.insert((earner, side), frontier);
        found
    }

    /// Tells a kept search that `node` joined the leg: as a new node, counting or not, or by counting late.
    pub(super) fn join_frontier(&mut self, earner: Ix, side: Side, node: Ix) {
        let (born, counted) = (self.fork(node).born, self.counted(node));
        let parent_born = self.up(node).map_or(0, |(parent, _)| self.fork(parent).born);
        let Some(frontier) = self.frontiers.of.get_mut(&(earner, side)) else { return };
        if counted == born || counted == 0 {
            // Newly placed: seen later with its parent, unless the parent has been opened.
            if parent_born <= frontier.opened {
                frontier.heap.push(Reverse((born, node, false)));
                self.frontiers.entries += 1;
            }
        } else if born <= frontier.opened {
            frontier.heap.push(Reverse((counted, node, true)));
            self.frontiers.entries += 1;
        }
    }

    pub(super) fn forget_frontiers(&mut self) {
        let kept: Vec<(Ix, Side)> = self.frontiers.of.drain().map(|(key, _)| key).collect();
        self.frontiers.entries = 0;
        for (earner, side) in kept {
            if self.contains(earner) {
                self.rung_mut(earner).live.set_searched(side, false);
            }
        }
    }
}
