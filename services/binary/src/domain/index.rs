//! From a user id to a node, in some eleven bytes a member.
//!
//! Slots are ordered by the hash of the id, and the hash says about where to look, so a search is a short run
//! through neighbours: it ends at the first greater hash. A slot keeps its hash. So an id that is not here is
//! hardly ever compared with one that is, and a table grows in one pass from left to right, by a quarter at a
//! time. There are many small tables, so that no growth is a long one; the ids themselves stand in the nodes.

use super::node::{Ix, NONE};
use domain::UserId;

const TABLES: usize = 256;
const SMALLEST: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    hash: u32,
    /// [`NONE`] while the slot is free.
    node: Ix,
}

const FREE: Slot = Slot { hash: 0, node: NONE };

#[derive(Debug, Clone)]
pub struct Index {
    /// By the first byte of the hash.
    tables: Vec<Table>,
}

impl Default for Index {
    fn default() -> Self {
        Self { tables: vec![Table::default(); TABLES] }
    }
}

impl Index {
    /// `is` tells whether a node has the id that is looked for.
    pub fn find(&self, id: UserId, is: impl Fn(Ix) -> bool) -> Option<Ix> {
        let (table, hash) = hash(id);
        self.tables.get(table)?.search(hash, is).ok().map(|(_, node)| node)
    }

    /// Adds a node, unless there is one with this id.
    #[must_use]
    pub fn insert(&mut self, id: UserId, node: Ix, is: impl Fn(Ix) -> bool) -> bool {
        let (table, hash) = hash(id);
        self.tables.get_mut(table).is_some_and(|table| table.insert(Slot { hash, node }, is))
    }

    pub fn remove(&mut self, id: UserId, is: impl Fn(Ix) -> bool) {
        let (table, hash) = hash(id);
        if let Some(table) = self.tables.get_mut(table) {
            table.remove(hash, is);
        }
    }

    pub fn bytes(&self) -> usize {
        self.tables.iter().map(|table| table.slots.len() * size_of::<Slot>()).sum()
    }
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// One for each home, and at the end as many more as were pushed beyond the last one.
    slots: Vec<Slot>,
    homes: usize,
    filled: usize,
}

impl Table {
    fn insert(&mut self, slot: Slot, is: impl Fn(Ix) -> bool) -> bool {
        if self.filled * 8 >= self.homes * 7 {
            self.grow();
        }
        let Err(at) = self.search(slot.hash, is) else { return false };
        let mut carried = slot;
        for slot in self.slots.iter_mut().skip(at) {
            std::mem::swap(slot, &mut carried);
            if carried == FREE {
                break;
            }
        }
        if carried != FREE {
            self.slots.push(carried);
        }
        self.filled += 1;
        true
    }

    fn remove(&mut self, hash: u32, is: impl Fn(Ix) -> bool) {
        let Ok((mut at, _)) = self.search(hash, is) else { return };
        self.filled -= 1;
        // Whoever was pushed away from home moves one nearer.
        let pushed = |next: &Slot, at: usize| *next != FREE && self.home(next.hash) <= at;
        let end = (at + 1..).find(|next| !self.slots.get(*next).is_some_and(|slot| pushed(slot, next - 1)));
        let end = end.unwrap_or(at + 1);
        if let Some(moved) = self.slots.get_mut(at..end) {
            moved.rotate_left(1);
            at = end - 1;
        }
        if let Some(freed) = self.slots.get_mut(at) {
            *freed = FREE;
        }
    }

    /// Where this hash would stand if nobody else were there.
    fn home(&self, hash: u32) -> usize {
        // The hash as a fraction of all hashes, of all homes; a `u64` holds the product.
        let homes = u64::try_from(self.homes).unwrap_or(0);
        usize::try_from((u64::from(hash) * homes) >> 32).unwrap_or(0)
    }

    /// Where the node stands, or else where it would have to be put.
    fn search(&self, hash: u32, is: impl Fn(Ix) -> bool) -> Result<(usize, Ix), usize> {
        let mut at = self.home(hash);
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.node != NONE && slot.hash <= hash) {
            if slot.hash == hash && is(slot.node) {
                return Ok((at, slot.node));
            }
            at += 1;
        }
        Err(at)
    }

    fn grow(&mut self) {
        self.homes = (self.homes + self.homes / 4).max(SMALLEST);
        let before = std::mem::replace(&mut self.slots, Vec::with_capacity(self.homes + SMALLEST));
        for slot in before.into_iter().filter(|slot| *slot != FREE) {
            let home = self.home(slot.hash);
            if self.slots.len() < home {
                self.slots.resize(home, FREE);
            }
            self.slots.push(slot);
        }
        if self.slots.len() < self.homes {
            self.slots.resize(self.homes, FREE);
        }
    }
}

/// The table, and the hash in it. The random half of a UUIDv7, mixed; the upper bits of a product are its best.
fn hash(id: UserId) -> (usize, u32) {
    let (high, low) = id.uuid().as_u64_pair();
    let mixed = (low ^ high.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let table = usize::try_from(mixed >> 56).unwrap_or(0);
    (table, u32::try_from(mixed >> 24 & u64::from(u32::MAX)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn user(n: u16) -> UserId {
        UserId::from(uuid::Uuid::from_u128(u128::from(n)))
    }

    proptest! {
        #[test]
        fn it_finds_what_a_map_finds(ops in prop::collection::vec((any::<bool>(), 0..400u16), 0..2_000)) {
            let (mut index, mut map, mut ids) = (Index::default(), HashMap::new(), Vec::new());
            for (adds, n) in ops {
                let id = user(n);
                if adds {
                    let node = Ix::try_from(ids.len()).expect("few");
                    let is_new = index.insert(id, node, |ix| ids.get(usize::try_from(ix).expect("few")) == Some(&id));
                    prop_assert_eq!(is_new, !map.contains_key(&id));
                    if is_new {
                        ids.push(id);
                        map.insert(id, node);
                    }
                } else {
                    index.remove(id, |ix| ids.get(usize::try_from(ix).expect("few")) == Some(&id));
                    map.remove(&id);
                }
            }
            for id in (0..400).map(user) {
                let found = index.find(id, |ix| ids.get(usize::try_from(ix).expect("few")) == Some(&id));
                prop_assert_eq!(found, map.get(&id).copied());
            }
        }
    }
}
