//! Undo log of a batch: one entry a change, applied in reverse on rollback.
//!
//! A batch that does not commit must leave no trace in memory. An undo log is cheaper than copies of the nodes on every
//! path to the company. Frontiers, limit marks and the free-slot hint are dropped, because they are derived from the
//! nodes.

use super::Arena;
use super::earner_state::EarnerState;
use crate::domain::node::NodeIndex;
use domain::Side;

/// One change to undo.
#[derive(Debug, Clone)]
pub(super) enum UndoEntry {
    /// A node was added; it may count.
    Placed,
    /// Matching order of the node before the change; zero: it did not count.
    MatchingOrder(NodeIndex, u32),
    /// Whether the node had the distributor label before the change.
    Distributor(NodeIndex, bool),
    /// Whether the node was an Active Buyer before the change.
    ActiveBuyer(NodeIndex, bool),
    /// Number of outstanding pairs and state of the earner before the change.
    Earner(NodeIndex, u32, EarnerState),
    /// Freed members of a leg before the change.
    Freed(NodeIndex, Side, Vec<(u32, NodeIndex)>),
}

impl Arena {
    /// Undoes the recorded changes, the latest first.
    pub(super) fn undo_changes(&mut self) {
        while let Some(entry) = self.undo_log.pop() {
            match entry {
                UndoEntry::Placed => self.remove_last(),
                UndoEntry::MatchingOrder(node, before) => self.set_counting(node, before),
                UndoEntry::Distributor(node, label) => self.set_distributor_flag(node, label),
                UndoEntry::ActiveBuyer(node, active) => self.set_active_buyer_flag(node, active),
                UndoEntry::Earner(node, pair_counter, earner_state) => {
                    self.upward_mut(node).pair_counter.set_outstanding(pair_counter);
                    *self.earner_state_mut(node) = earner_state;
                }
                UndoEntry::Freed(node, side, members) => self.set_freed_members(node, side, members),
            }
        }
    }

    /// Records a change while a batch is open.
    pub(super) fn record_undo(&mut self, entry: UndoEntry) {
        if self.is_recording {
            self.undo_log.push(entry);
        }
    }

    /// Records the state of an earner before a change.
    pub(super) fn record_earner_undo(&mut self, earner: NodeIndex) {
        self.record_undo(UndoEntry::Earner(
            earner,
            self.upward(earner).pair_counter.outstanding(),
            *self.earner_state(earner),
        ));
    }
}
