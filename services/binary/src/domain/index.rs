//! From a user id to a node: an open-addressed table of node numbers. The ids themselves stand in the nodes,
//! so a member costs six to twelve bytes here instead of some forty in a general map.

use super::arena::{Ix, NONE};
use domain::UserId;

const SMALLEST: usize = 64;

#[derive(Debug, Clone, Default)]
pub struct Index {
    slots: Vec<Ix>,
    filled: usize,
}

impl Index {
    pub fn find(&self, id: UserId, id_of: impl Fn(Ix) -> Option<UserId>) -> Option<Ix> {
        let ix = self.slots.get(self.probe(id, id_of)?).copied()?;
        (ix != NONE).then_some(ix)
    }

    /// Adds a node whose id is not here yet.
    pub fn insert(&mut self, id: UserId, ix: Ix, id_of: impl Fn(Ix) -> Option<UserId>) {
        if (self.filled + 1) * 4 > self.slots.len() * 3 {
            self.grow(&id_of);
        }
        let free = self.probe(id, id_of);
        if let Some(slot) = free.and_then(|at| self.slots.get_mut(at)) {
            *slot = ix;
            self.filled += 1;
        }
    }

    /// Takes out the node added last. Only that one: nothing can have been probed past it.
    pub fn remove_last(&mut self, id: UserId, id_of: impl Fn(Ix) -> Option<UserId>) {
        let found = self.probe(id, id_of);
        if let Some(slot) = found.and_then(|at| self.slots.get_mut(at))
            && *slot != NONE
        {
            *slot = NONE;
            self.filled -= 1;
        }
    }

    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Ix>()
    }

    /// The slot that holds `id`, or the free one where it would go; none while there are no slots.
    fn probe(&self, id: UserId, id_of: impl Fn(Ix) -> Option<UserId>) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = usize::try_from(hash(id)).unwrap_or(0) & mask;
        loop {
            let ix = self.slots.get(at).copied()?;
            if ix == NONE || id_of(ix) == Some(id) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self, id_of: &impl Fn(Ix) -> Option<UserId>) {
        // In the order of placement, so that the last node is also the last one in the new table.
        let mut nodes: Vec<Ix> = self.slots.iter().copied().filter(|ix| *ix != NONE).collect();
        nodes.sort_unstable();
        self.slots = vec![NONE; (self.slots.len() * 2).max(SMALLEST)];
        for ix in nodes {
            let free = id_of(ix).and_then(|id| self.probe(id, id_of));
            if let Some(slot) = free.and_then(|at| self.slots.get_mut(at)) {
                *slot = ix;
            }
        }
    }
}

/// The random half of a UUIDv7, mixed; the upper bits of a product are its best.
fn hash(id: UserId) -> u64 {
    let (high, low) = id.uuid().as_u64_pair();
    let mixed = (low ^ high.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}
