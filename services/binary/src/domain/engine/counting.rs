//! Leg counts and the matching order: which members count, since when, and how many each leg has.

use super::Arena;
use super::leg_search::SearchCache;
use super::node::{COUNTING, ORDER_OVERRIDDEN};
use crate::domain::node::NodeIndex;
use domain::Side;

impl Arena {
    /// Position in the matching order; zero while the member does not count.
    pub(super) fn matching_order(&self, node: NodeIndex) -> u32 {
        let downward = self.downward(node);
        if downward.flags & ORDER_OVERRIDDEN != 0 {
            return self.order_overrides.get(&node).copied().unwrap_or(0);
        }
        if downward.flags & COUNTING == 0 { 0 } else { downward.placement_order }
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

    /// Increments the leg counts above, up to and including the first earner who may need matching.
    pub(super) fn increment_leg_counts(&mut self, node: NodeIndex) -> Option<(NodeIndex, Side)> {
        let mut link = self.upward(node).parent;
        while let Some((at, side)) = link.get() {
            let upward = self.upward_mut(at);
            upward.count.increment(side);
            if !upward.pair_counter.cannot_pair(upward.count.smaller()) {
                return Some((at, side));
            }
            link = upward.parent;
        }
        None
    }
}
