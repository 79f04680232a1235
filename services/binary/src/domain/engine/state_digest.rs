//! Digest of the state of all nodes. Frontiers, search results and limit marks are caches, not state.

use super::Arena;
use super::node::{ACTIVE, DISTRIBUTOR};
use crate::domain::node::NO_NODE;
use domain::Side;
use std::hash::Hasher;

impl Arena {
    pub(super) fn write_digest(&self, hash: &mut impl Hasher) {
        for node in self.indexes() {
            let (upward, downward) = (self.upward(node), self.downward(node));
            let (earner_state, identity) = (self.earner_state(node), self.identity(node));
            let (parent, side) = self.parent(node).unwrap_or((NO_NODE, Side::Left));
            hash.write(identity.id.as_bytes());
            hash.write(&earner_state.net_paid.paise().to_be_bytes());
            hash.write(&[
                downward.free_slot_distance.left(),
                downward.free_slot_distance.right(),
                u8::from(side == Side::Right),
                downward.flags & (DISTRIBUTOR | ACTIVE),
            ]);
            let numbers = [
                parent,
                downward.child.left(),
                downward.child.right(),
                upward.count.left(),
                upward.count.right(),
                upward.pair_counter.outstanding(),
                self.matching_order(node),
                downward.placement_order,
                identity.depth,
                earner_state.last_pair_number,
                earner_state.day,
                earner_state.day_slots,
                earner_state.month_slots,
                earner_state.matched_up_to.left(),
                earner_state.matched_up_to.right(),
            ];
            for number in numbers {
                hash.write(&number.to_be_bytes());
            }
            for side in [Side::Left, Side::Right] {
                for (order, member) in self.freed_members.get(&(node, side)).into_iter().flatten() {
                    hash.write(&order.to_be_bytes());
                    hash.write(&member.to_be_bytes());
                }
                hash.write(&NO_NODE.to_be_bytes());
            }
        }
    }
}
