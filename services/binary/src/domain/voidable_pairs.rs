//! Outstanding pairs that the current inputs may void.
//!
//! The tree stores no pairs: at ten million members they would need more memory than the tree. The caller adds the
//! outstanding pairs of the members who are refunded; matching adds the pairs that it makes.

use super::node::NodeIndex;
use std::collections::{HashMap, HashSet};

/// Outstanding pairs, by member.
#[derive(Debug, Clone, Default)]
pub struct VoidablePairs {
    /// The members whose pairs are stored; `None` for all.
    members: Option<HashSet<NodeIndex>>,
    /// Earner, number, left and right of pairs not indexed yet. Few inputs are refunds, so indexing is deferred.
    unindexed: Vec<(NodeIndex, u32, NodeIndex, NodeIndex)>,
    /// Left and right member, by earner and number.
    pairs: HashMap<(NodeIndex, u32), (NodeIndex, NodeIndex)>,
    /// Earner and number, by member; may contain pairs that are already removed.
    by_member: HashMap<NodeIndex, Vec<(NodeIndex, u32)>>,
}

/// A pair to void, from the perspective of the member who stopped counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoidedPair {
    pub earner: NodeIndex,
    pub number: u32,
    pub partner: NodeIndex,
}

impl VoidablePairs {
    /// Stores only the pairs of these members, because no other stops counting.
    pub fn of_members(members: HashSet<NodeIndex>) -> Self {
        Self { members: Some(members), ..Self::default() }
    }

    /// The same members, without a pair.
    #[must_use]
    pub fn without_pairs(self) -> Self {
        Self { members: self.members, ..Self::default() }
    }

    /// Adds an outstanding pair.
    pub fn add(&mut self, earner: NodeIndex, number: u32, left: NodeIndex, right: NodeIndex) {
        if self.may_be_voided(left, right) {
            self.unindexed.push((earner, number, left, right));
        }
    }

    /// Whether one of the two members may stop counting.
    pub fn may_be_voided(&self, left: NodeIndex, right: NodeIndex) -> bool {
        self.members.as_ref().is_none_or(|members| members.contains(&left) || members.contains(&right))
    }

    /// Removes and returns every pair that uses `member`, nearest earner first.
    pub fn remove_pairs_of(&mut self, member: NodeIndex) -> Vec<VoidedPair> {
        self.index_new_pairs();
        let mut keys = self.by_member.remove(&member).unwrap_or_default();
        // A node's index is greater than those of its ancestors, so the nearest earner has the greatest index.
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let voided_pair = |(earner, number)| {
            let (left, right) = self.pairs.remove(&(earner, number))?;
            let partner = if left == member { right } else { left };
            Some(VoidedPair { earner, number, partner })
        };
        keys.into_iter().filter_map(voided_pair).collect()
    }

    fn index_new_pairs(&mut self) {
        for (earner, number, left, right) in self.unindexed.drain(..) {
            if self.pairs.insert((earner, number), (left, right)).is_none() {
                self.by_member.entry(left).or_default().push((earner, number));
                self.by_member.entry(right).or_default().push((earner, number));
            }
        }
    }
}
