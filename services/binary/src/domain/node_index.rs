//! Index of a node.

/// A node's index: the order of placement.
pub type NodeIndex = u32;
/// The company: it has no parent, matches no pairs and earns nothing.
pub const ROOT: NodeIndex = 0;
/// No node.
pub const NO_NODE: NodeIndex = NodeIndex::MAX;
