//! Nodes of the tree: index, position and state.

use super::legs::Legs;
use domain::{Money, Side, UserId};

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
    /// Pairs that the earner could make without a limit.
    pub backlog: u32,
}
