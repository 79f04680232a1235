//! Nodes as records of a snapshot: the state of a node without what the engine computes again.
//!
//! Searches, frontiers and limit marks are caches: a loaded tree starts without them, as after a rollback. The user
//! index is built from the ids. A change of a record's fields, or of what a field means, needs a new
//! [`FORMAT`](crate::domain::snapshot::FORMAT).

use super::Arena;
use super::earner_state::EarnerState;
use super::node::{DownwardNode, HAS_FREED, NodeIdentity, PairCounter, ParentLink, UpwardNode};
use super::storage::to_usize;
use crate::domain::legs::Legs;
use crate::domain::node::{NO_NODE, NodeIndex, ROOT};
use crate::domain::snapshot::SnapshotError;
use domain::{Money, Side, UserId};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use uuid::Uuid;

/// State of one node.
#[derive(Serialize, Deserialize)]
struct NodeRecord {
    id: [u8; 16],
    depth: u32,
    /// Null for the company.
    parent: Option<(NodeIndex, bool)>,
    children: [NodeIndex; 2],
    free_slot_distance: [u8; 2],
    flags: u8,
    placement_order: u32,
    matching_order: u32,
    counts: [u32; 2],
    outstanding_pairs: u32,
    net_paid_paise: i64,
    last_pair_number: u32,
    day: u32,
    day_slots: u32,
    month_slots: u32,
    matched_up_to: [u32; 2],
    /// Matching order and node of the freed members of each leg, oldest first.
    freed: [Vec<(u32, NodeIndex)>; 2],
}

const fn legs<T: Copy>(values: [T; 2]) -> Legs<T> {
    let [left, right] = values;
    Legs::new(left, right)
}
const fn array<T: Copy>(legs: &Legs<T>) -> [T; 2] {
    [legs.left(), legs.right()]
}

impl Arena {
    /// Number of nodes, with the company.
    pub(in crate::domain) fn node_count(&self) -> NodeIndex {
        self.indexes().end
    }

    /// Encodes the nodes of `range`, with the company as node 0.
    pub(in crate::domain) fn encode_nodes(&self, range: Range<NodeIndex>) -> Result<Vec<u8>, SnapshotError> {
        let mut encoded = Vec::new();
        for node in range {
            encoded = postcard::to_extend(&self.record(node), encoded)?;
        }
        Ok(encoded)
    }

    /// Adds encoded nodes after those that the arena has. The first one of a snapshot is the company.
    pub(in crate::domain) fn decode_nodes(&mut self, mut encoded: &[u8]) -> Result<(), SnapshotError> {
        while !encoded.is_empty() {
            let (record, rest) = postcard::take_from_bytes::<NodeRecord>(encoded)?;
            self.push_record(record)?;
            encoded = rest;
        }
        Ok(())
    }

    fn record(&self, node: NodeIndex) -> NodeRecord {
        let (upward, downward) = (self.upward(node), self.downward(node));
        let (earner_state, identity) = (self.earner_state(node), self.identity(node));
        let freed = |side| self.freed_members.get(&(node, side)).cloned().unwrap_or_default();
        NodeRecord {
            id: *identity.id.as_bytes(),
            depth: identity.depth,
            parent: upward.parent.get().map(|(parent, side)| (parent, side == Side::Right)),
            children: array(&downward.child),
            free_slot_distance: array(&downward.free_slot_distance),
            flags: downward.flags,
            placement_order: downward.placement_order,
            matching_order: self.matching_order(node),
            counts: array(&upward.count),
            outstanding_pairs: upward.pair_counter.outstanding(),
            net_paid_paise: earner_state.net_paid.paise(),
            last_pair_number: earner_state.last_pair_number,
            day: earner_state.day,
            day_slots: earner_state.day_slots,
            month_slots: earner_state.month_slots,
            matched_up_to: array(&earner_state.matched_up_to),
            freed: [freed(Side::Left), freed(Side::Right)],
        }
    }

    fn push_record(&mut self, record: NodeRecord) -> Result<(), SnapshotError> {
        let node =
            NodeIndex::try_from(self.identities.len()).map_err(|_| SnapshotError::Inconsistent("too many nodes"))?;
        // A child is placed after its parent, so links lead to the nodes before and after this one.
        let parent = match record.parent {
            None if node == ROOT => ParentLink::ABSENT,
            Some((parent, is_right)) if parent < node => {
                ParentLink::new(parent, if is_right { Side::Right } else { Side::Left })
            }
            None | Some(_) => return Err(SnapshotError::Inconsistent("parent")),
        };
        if record.children.iter().any(|child| *child != NO_NODE && *child <= node) {
            return Err(SnapshotError::Inconsistent("child"));
        }
        let mut pair_counter = PairCounter::default();
        pair_counter.set_outstanding(record.outstanding_pairs);
        self.upward_nodes.push(UpwardNode { parent, count: legs(record.counts), pair_counter });
        self.downward_nodes.push(DownwardNode {
            child: legs(record.children),
            placement_order: record.placement_order,
            free_slot_distance: legs(record.free_slot_distance),
            flags: record.flags,
        });
        self.earner_states.push(EarnerState {
            net_paid: Money::from_paise(record.net_paid_paise),
            last_pair_number: record.last_pair_number,
            day: record.day,
            day_slots: record.day_slots,
            month_slots: record.month_slots,
            matched_up_to: legs(record.matched_up_to),
        });
        let id = UserId::from(Uuid::from_bytes(record.id));
        self.identities.push(NodeIdentity { id, depth: record.depth });
        let Self { index, identities, .. } = self;
        let has_id = |other: NodeIndex| identities.get(to_usize(other)).is_some_and(|identity| identity.id == id);
        if node != ROOT && !index.insert(id, node, has_id) {
            return Err(SnapshotError::Inconsistent("two nodes of one member"));
        }
        self.set_matching_order(node, record.matching_order);
        for (side, members) in [Side::Left, Side::Right].into_iter().zip(record.freed) {
            if record.flags & HAS_FREED.get(side) != 0 {
                self.freed_members.insert((node, side), members);
            }
        }
        Ok(())
    }

    /// Errors when a node has a child that does not exist.
    pub(in crate::domain) fn check_children(&self) -> Result<(), SnapshotError> {
        let end = self.node_count();
        let exists = |child: NodeIndex| child == NO_NODE || child < end;
        let complete = self.downward_nodes.iter().all(|node| exists(node.child.left()) && exists(node.child.right()));
        if complete && end > ROOT { Ok(()) } else { Err(SnapshotError::Inconsistent("child")) }
    }
}
