//! A digest of the tree's state (FNV-1a), to compare two replays of one journal.

use super::arena::{Arena, FRONTIER, NONE};
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
            let (link, detail) = (self.link(node), self.detail(node));
            hash.write(detail.id.as_bytes());
            hash.write(&detail.net_paid.paise().to_be_bytes());
            // Kept searches are a cache, not state.
            let flags = link.flags & !(FRONTIER.left | FRONTIER.right);
            hash.write(&[link.vac, flags]);
            let numbers = [
                link.parent,
                link.child.left,
                link.child.right,
                link.count.left,
                link.count.right,
                link.live,
                link.counted,
                detail.born,
                detail.depth,
                detail.number,
                detail.day,
                detail.day_slots,
                detail.month_slots,
                detail.taken.left,
                detail.taken.right,
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
