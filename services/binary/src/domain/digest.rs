//! A digest of the tree's state (FNV-1a), to compare two replays of one journal.

use super::arena::Arena;
use super::node::{ACTIVE, DISTRIBUTOR, NONE};
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
            let (rung, fork) = (self.rung(node), self.fork(node));
            let (account, origin) = (self.account(node), self.origin(node));
            let (parent, side) = self.up(node).unwrap_or((NONE, Side::Left));
            hash.write(origin.id.as_bytes());
            hash.write(&account.net_paid.paise().to_be_bytes());
            // Kept searches and marks are a cache, not state.
            hash.write(&[
                fork.vacant.left(),
                fork.vacant.right(),
                u8::from(side == Side::Right),
                fork.flags & (DISTRIBUTOR | ACTIVE),
            ]);
            let numbers = [
                parent,
                fork.child.left(),
                fork.child.right(),
                rung.count.left(),
                rung.count.right(),
                rung.live.pairs(),
                self.counted(node),
                fork.born,
                origin.depth,
                account.number,
                account.day,
                account.day_slots,
                account.month_slots,
                account.taken.left(),
                account.taken.right(),
            ];
            for number in numbers {
                hash.write(&number.to_be_bytes());
            }
            for side in [Side::Left, Side::Right] {
                for (order, member) in self.returned.get(&(node, side)).into_iter().flatten() {
                    hash.write(&order.to_be_bytes());
                    hash.write(&member.to_be_bytes());
                }
                hash.write(&NONE.to_be_bytes());
            }
        }
    }
}
