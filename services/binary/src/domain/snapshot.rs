//! Snapshot of the tree: what a process loads instead of replaying the journal from its beginning.
//!
//! A snapshot is a copy of a state that the journal gives, never a source of its own: whatever is wrong with it, the
//! journal is replayed instead. The digest of the loaded tree must be the one of the saved tree.

use super::engine::Arena;
use super::tree::{Tree, TreeHead};
use domain::{PlanHistory, Timestamp};
use serde::{Deserialize, Serialize};

/// Number of the encoding and of the engine's meaning of it. A snapshot of another format is ignored.
pub const FORMAT: i64 = 1;

/// State of a tree, without its nodes.
#[derive(Debug, Serialize, Deserialize)]
pub struct SnapshotHead {
    pub(super) head: TreeHead,
    pub(super) plans: PlanHistory,
    /// Number of nodes, with the company.
    nodes: u32,
    /// Digest of the tree.
    digest: u64,
}

/// Reasons for which a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("invalid encoding: {0}")]
    Encoding(#[from] postcard::Error),
    #[error("inconsistent nodes: {0}")]
    Inconsistent(&'static str),
    #[error("{found} nodes instead of {expected}")]
    Incomplete { expected: u32, found: u32 },
    #[error("the digest is {found:016x} instead of {expected:016x}")]
    Digest { expected: u64, found: u64 },
}

impl SnapshotHead {
    /// The state of a tree without an open batch.
    pub fn of(tree: &Tree) -> Self {
        let Tree { arena, plans, head, .. } = tree;
        Self { head: *head, plans: plans.clone(), nodes: arena.node_count(), digest: tree.digest() }
    }

    /// Sequence number of the last applied journal entry.
    pub const fn seq(&self) -> i64 {
        self.head.seq
    }
    /// The tree's time: that of the last applied journal entry.
    pub const fn time(&self) -> Timestamp {
        self.head.time
    }
    /// Digest of the tree.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// Encodes one part of `size` nodes; `None` after the last. The tree must be the one of [`SnapshotHead::of`].
    pub fn encode_part(&self, tree: &Tree, size: u32, part: u32) -> Result<Option<Vec<u8>>, SnapshotError> {
        match part.checked_mul(size) {
            Some(first) if first < self.nodes => {
                let last = first.saturating_add(size).min(self.nodes);
                tree.arena.encode_nodes(first..last).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }
}

/// A tree that is being loaded, part by part.
pub struct SnapshotLoader {
    head: SnapshotHead,
    arena: Arena,
}

impl SnapshotLoader {
    /// Starts with no node.
    pub fn new(head: SnapshotHead) -> Self {
        Self { head, arena: Arena::default() }
    }

    /// Adds the next part.
    pub fn add(&mut self, part: &[u8]) -> Result<(), SnapshotError> {
        self.arena.decode_nodes(part)
    }

    /// The tree, which can go on with the next journal entry. Errors when it is not the one that was saved.
    pub fn finish(self) -> Result<Tree, SnapshotError> {
        let SnapshotHead { head, plans, nodes: expected, digest } = self.head;
        let found = self.arena.node_count();
        if found != expected {
            return Err(SnapshotError::Incomplete { expected, found });
        }
        self.arena.check_children()?;
        let tree = Tree::from_parts(self.arena, plans, head);
        let found = tree.digest();
        if found == digest { Ok(tree) } else { Err(SnapshotError::Digest { expected: digest, found }) }
    }
}
