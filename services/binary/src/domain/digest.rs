//! Digest of the tree's state (FNV-1a), to compare two replays of one journal.

use super::arena::Arena;
use super::node::{ACTIVE, DISTRIBUTOR, NO_NODE};
use domain::Side;

#[derive(Debug, Clone)]
pub(super) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    pub(super) fn finish(&self) -> u64 {
        self.0
    }
}

impl Arena {
    pub(super) fn digest(&self, hash: &mut Digest) {
        for node in self.members() {
            let (upward, downward) = (self.upward(node), self.downward(node));
            let (earner_state, identity) = (self.earner_state(node), self.identity(node));
            let (parent, side) = self.parent(node).unwrap_or((NO_NODE, Side::Left));
            hash.write(identity.id.as_bytes());
            hash.write(&earner_state.net_paid.paise().to_be_bytes());
            // Frontiers and limit marks are a cache, not state.
            hash.write(&[
                downward.vacancy_distance.left(),
                downward.vacancy_distance.right(),
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
