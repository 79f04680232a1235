//! Nodes of the tree: index, position and state.

use super::legs::Legs;
use domain::plan::LimitPer;
use domain::{Money, Side, Timestamp, UserId};

/// A node's index: the order of placement.
pub type NodeIndex = u32;
/// The company: it has no parent, matches no pairs and earns nothing.
pub const ROOT: NodeIndex = 0;
/// No node.
pub const NO_NODE: NodeIndex = NodeIndex::MAX;

/// Copy of a node's position and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub index: NodeIndex,
    /// `None` for the company.
    pub user: Option<UserId>,
    /// Parent, and the side below it; `None` for the company.
    pub parent: Option<(NodeIndex, Side)>,
    pub children: Legs<Option<NodeIndex>>,
    /// Levels below the company.
    pub depth: u32,
    /// Counting members in each leg.
    pub leg_counts: Legs<u32>,
    /// Position in the matching order; `None` while the member does not count.
    pub matching_order: Option<u32>,
    /// Payments minus refunds.
    pub net_paid: Money,
    pub is_active_buyer: bool,
    pub is_distributor: bool,
    /// Number of the earner's latest pair; 0 before the first.
    pub last_pair_number: u32,
    /// Counting members of each leg that no outstanding pair of this node uses.
    pub unmatched: Legs<u32>,
}

impl Node {
    /// Pairs that the earner could make without a limit.
    pub fn backlog(&self) -> u32 {
        if self.index == ROOT { 0 } else { self.unmatched.smaller() }
    }
}

/// Use of the pair limit by one earner in the current period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitUse {
    /// Slots used, those of voided pairs too.
    pub used: u32,
    /// Slots of the period.
    pub of: u32,
    pub per: LimitPer,
    /// First instant of the next period.
    pub resets_at: Timestamp,
}
