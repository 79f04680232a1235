//! From a user id to a node, in some twelve bytes a member.
//!
//! The hash of an id says in which bucket it stands; a bucket is one cache line, so nearly every search and nearly
//! every insertion waits for memory once. What finds its bucket full goes to the next one. A slot keeps its hash, so
//! an id that is not here is hardly ever compared with one that is, and because buckets are in the order of the
//! hashes, a table grows in one pass from left to right. There are many small tables, so that no growth is a long one;
//! the ids themselves stand in the nodes.

use super::node::{Ix, NONE};
use domain::UserId;
use std::hint::black_box;

const TABLE_BITS: u32 = 10;
const TABLES: usize = 1 << TABLE_BITS;
const SLOTS: usize = 8;

/// Slots are filled from the first on, and freed from the last; the node of a free one is [`NONE`].
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; SLOTS],
    nodes: [Ix; SLOTS],
}

const EMPTY: Bucket = Bucket { hashes: [0; SLOTS], nodes: [NONE; SLOTS] };

impl Bucket {
    const fn is_full(&self) -> bool {
        self.nodes[SLOTS - 1] != NONE
    }

    fn slots(&self) -> impl Iterator<Item = (u32, Ix)> {
        self.hashes.into_iter().zip(self.nodes).take_while(|(_, node)| *node != NONE)
    }

    /// Where the node stands. All hashes are compared at once: which one fits is nothing a processor could guess.
    fn position(&self, hash: u32, is: impl Fn(Ix) -> bool) -> Option<(usize, Ix)> {
        let alike = self.hashes.iter().map(|other| u32::from(*other == hash));
        let mut alike = alike.enumerate().fold(0, |all, (at, one)| all | one << at);
        while alike != 0 {
            let at = usize::try_from(alike.trailing_zeros()).unwrap_or(0);
            let node = self.nodes.get(at).copied().filter(|node| *node != NONE && is(*node));
            if let Some(node) = node {
                return Some((at, node));
            }
            alike &= alike - 1;
        }
        None
    }

    fn filled(&self) -> usize {
        self.nodes.iter().filter(|node| **node != NONE).count()
    }

    fn set(&mut self, at: usize, hash: u32, node: Ix) {
        if let (Some(to_hash), Some(to_node)) = (self.hashes.get_mut(at), self.nodes.get_mut(at)) {
            (*to_hash, *to_node) = (hash, node);
        }
    }

    /// The last one moves to where the removed one stood.
    fn remove(&mut self, at: usize) -> Option<(u32, Ix)> {
        let last = self.filled().checked_sub(1)?;
        self.hashes.swap(at, last);
        self.nodes.swap(at, last);
        let freed = self.nodes.get_mut(last)?;
        Some((*self.hashes.get(last)?, std::mem::replace(freed, NONE)))
    }
}

#[derive(Debug, Clone)]
pub struct Index {
    /// By the first bits of the hash.
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
        self.tables.get(table)?.search(hash, is).ok().map(|(_, _, node)| node)
    }

    /// Fetches the buckets where searches for these ids begin, then those where the full ones go on. Where they are is
    /// found out before, so that there is hardly anything but fetches between fetches, and many are made at once.
    pub fn touch(&self, ids: impl Iterator<Item = UserId>) {
        let bucket = |id| {
            let (table, hash) = hash(id);
            let table = self.tables.get(table)?;
            table.buckets.get(table.home(hash)..)
        };
        let buckets: Vec<&[Bucket]> = ids.filter_map(bucket).collect();
        for from in &buckets {
            black_box(from.first().map(Bucket::is_full));
        }
        for from in &buckets {
            if from.first().is_some_and(Bucket::is_full) {
                black_box(from.get(1).map(Bucket::is_full));
            }
        }
    }

    /// Adds a node, unless there is one with this id.
    #[must_use]
    pub fn insert(&mut self, id: UserId, node: Ix, is: impl Fn(Ix) -> bool) -> bool {
        let (table, hash) = hash(id);
        self.tables.get_mut(table).is_some_and(|table| table.insert(hash, node, is))
    }

    pub fn remove(&mut self, id: UserId, is: impl Fn(Ix) -> bool) {
        let (table, hash) = hash(id);
        if let Some(table) = self.tables.get_mut(table) {
            table.remove(hash, is);
        }
    }

    pub fn bytes(&self) -> usize {
        self.tables.iter().map(|table| table.buckets.len() * size_of::<Bucket>()).sum()
    }
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// One for each home, and at the end as many more as were needed beyond the last one.
    buckets: Vec<Bucket>,
    homes: usize,
    filled: usize,
}

impl Table {
    fn insert(&mut self, hash: u32, node: Ix, is: impl Fn(Ix) -> bool) -> bool {
        if self.filled * 4 >= self.homes * SLOTS * 3 {
            self.grow();
        }
        let Err(at) = self.search(hash, is) else { return false };
        self.put(at, hash, node);
        self.filled += 1;
        true
    }

    fn remove(&mut self, hash: u32, is: impl Fn(Ix) -> bool) {
        let Ok((mut at, mut slot, _)) = self.search(hash, is) else { return };
        self.filled -= 1;
        loop {
            let Some(bucket) = self.buckets.get_mut(at) else { return };
            let was_full = bucket.is_full();
            bucket.remove(slot);
            // Whoever found this bucket full comes back, or a search would end here.
            let Some(next) = was_full.then(|| self.pushed_beyond(at)).flatten() else { return };
            let moved = self.buckets.get(next.0).and_then(|bucket| bucket.slots().nth(next.1));
            if let Some((hash, node)) = moved {
                self.put(at, hash, node);
            }
            (at, slot) = next;
        }
    }

    /// Bucket and slot of somebody who stands behind bucket `at`, and would stand in it or before it had there been room.
    fn pushed_beyond(&self, at: usize) -> Option<(usize, usize)> {
        for (bucket, number) in self.buckets.get(at + 1..)?.iter().zip(at + 1..) {
            let slot = bucket.slots().position(|(hash, _)| self.home(hash) <= at);
            if slot.is_some() || !bucket.is_full() {
                return slot.map(|slot| (number, slot));
            }
        }
        None
    }

    /// Where this hash would stand if there were always room.
    fn home(&self, hash: u32) -> usize {
        // The hash as a fraction of all hashes, of all homes; a `u64` holds the product.
        let homes = u64::try_from(self.homes).unwrap_or(0);
        usize::try_from((u64::from(hash) * homes) >> 32).unwrap_or(0)
    }

    /// Bucket, slot and node, or else the bucket with room for it.
    fn search(&self, hash: u32, is: impl Fn(Ix) -> bool) -> Result<(usize, usize, Ix), usize> {
        let mut at = self.home(hash);
        while let Some(bucket) = self.buckets.get(at) {
            if let Some((slot, node)) = bucket.position(hash, &is) {
                return Ok((at, slot, node));
            }
            if !bucket.is_full() {
                break;
            }
            at += 1;
        }
        Err(at)
    }

    fn put(&mut self, at: usize, hash: u32, node: Ix) {
        if at >= self.buckets.len() {
            self.buckets.push(EMPTY);
        }
        if let Some(bucket) = self.buckets.get_mut(at) {
            bucket.set(bucket.filled(), hash, node);
        }
    }

    fn grow(&mut self) {
        self.homes += self.homes.div_ceil(4).max(1);
        let before = std::mem::replace(&mut self.buckets, vec![EMPTY; self.homes]);
        // Counted apart: to look into a bucket that was written a moment ago takes longer.
        let mut filled = vec![0_u8; self.homes];
        for (hash, node) in before.iter().flat_map(Bucket::slots) {
            let mut at = self.home(hash);
            while filled.get(at).is_some_and(|filled| usize::from(*filled) == SLOTS) {
                at += 1;
            }
            if at == self.buckets.len() {
                self.buckets.push(EMPTY);
                filled.push(0);
            }
            if let (Some(bucket), Some(filled)) = (self.buckets.get_mut(at), filled.get_mut(at)) {
                bucket.set(usize::from(*filled), hash, node);
                *filled += 1;
            }
        }
    }
}

/// The table, and the hash in it. The random half of a UUIDv7, mixed; the upper bits of a product are its best.
fn hash(id: UserId) -> (usize, u32) {
    let (high, low) = id.uuid().as_u64_pair();
    let mixed = (low ^ high.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let table = usize::try_from(mixed >> (64 - TABLE_BITS)).unwrap_or(0);
    (table, u32::try_from(mixed >> (32 - TABLE_BITS) & u64::from(u32::MAX)).unwrap_or(0))
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
