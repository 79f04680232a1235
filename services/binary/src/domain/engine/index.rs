//! Hash index from user id to node, about twelve bytes a member.
//!
//! Linear probing over buckets of one cache line each, so nearly every lookup and insertion costs one cache miss. A
//! slot stores its hash, so an absent id is rarely compared with a present one. Buckets are ordered by hash, so a table
//! grows in one pass. Many small tables keep each growth short. The ids themselves are stored in the nodes.
//!
//! With as many tables of the `hashbrown` crate, placing two million members below random sponsors takes a third more
//! time: a lookup there reads a tag, and then the entry in another cache line.

use crate::domain::node::{NO_NODE, NodeIndex};
use domain::UserId;
use std::hint::black_box;

const TABLE_BITS: u32 = 10;
const TABLES: usize = 1 << TABLE_BITS;
const SLOTS: usize = 8;

/// Slots are filled from the first and freed from the last; a free slot holds [`NO_NODE`].
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; SLOTS],
    nodes: [NodeIndex; SLOTS],
}

const EMPTY: Bucket = Bucket { hashes: [0; SLOTS], nodes: [NO_NODE; SLOTS] };

impl Bucket {
    const fn is_full(&self) -> bool {
        self.nodes[SLOTS - 1] != NO_NODE
    }

    fn slots(&self) -> impl Iterator<Item = (u32, NodeIndex)> {
        self.hashes.into_iter().zip(self.nodes).take_while(|(_, node)| *node != NO_NODE)
    }

    /// Slot and node of an id. Compares all hashes without branching, because the branches would be mispredicted.
    fn position(&self, hash: u32, has_id: impl Fn(NodeIndex) -> bool) -> Option<(usize, NodeIndex)> {
        let matches = self.hashes.iter().map(|other| u32::from(*other == hash));
        let mut matches = matches.enumerate().fold(0, |all, (at, one)| all | one << at);
        while matches != 0 {
            let at = usize::try_from(matches.trailing_zeros()).unwrap_or(0);
            let node = self.nodes.get(at).copied().filter(|node| *node != NO_NODE && has_id(*node));
            if let Some(node) = node {
                return Some((at, node));
            }
            matches &= matches - 1;
        }
        None
    }

    fn filled(&self) -> usize {
        self.nodes.iter().filter(|node| **node != NO_NODE).count()
    }

    fn set(&mut self, at: usize, hash: u32, node: NodeIndex) {
        if let (Some(to_hash), Some(to_node)) = (self.hashes.get_mut(at), self.nodes.get_mut(at)) {
            (*to_hash, *to_node) = (hash, node);
        }
    }

    /// Removes a slot and moves the last one into its place.
    fn remove(&mut self, at: usize) -> Option<(u32, NodeIndex)> {
        let last = self.filled().checked_sub(1)?;
        self.hashes.swap(at, last);
        self.nodes.swap(at, last);
        let freed = self.nodes.get_mut(last)?;
        Some((*self.hashes.get(last)?, std::mem::replace(freed, NO_NODE)))
    }
}

/// Index from user id to node.
#[derive(Debug, Clone)]
pub(super) struct UserIndex {
    /// Selected by the first bits of the hash.
    tables: Vec<Table>,
}

impl Default for UserIndex {
    fn default() -> Self {
        Self { tables: vec![Table::default(); TABLES] }
    }
}

impl UserIndex {
    /// The node of an id. `has_id` answers whether a node has the id.
    pub(super) fn find(&self, id: UserId, has_id: impl Fn(NodeIndex) -> bool) -> Option<NodeIndex> {
        let (table, hash) = hash(id);
        self.tables.get(table)?.search(hash, has_id).ok().map(|(_, _, node)| node)
    }

    /// Loads the first bucket of each id into the cache, then the next one where the first is full. Computes all
    /// addresses first, so that the loads run in parallel.
    pub(super) fn prefetch_buckets(&self, ids: impl Iterator<Item = UserId>) {
        let bucket = |id| {
            let (table, hash) = hash(id);
            let table = self.tables.get(table)?;
            table.buckets.get(table.home_bucket(hash)..)
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

    /// Adds a node; false when the id is present already.
    #[must_use]
    pub(super) fn insert(&mut self, id: UserId, node: NodeIndex, has_id: impl Fn(NodeIndex) -> bool) -> bool {
        let (table, hash) = hash(id);
        self.tables.get_mut(table).is_some_and(|table| table.insert(hash, node, has_id))
    }

    /// Removes an id; does nothing when it is absent.
    pub(super) fn remove(&mut self, id: UserId, has_id: impl Fn(NodeIndex) -> bool) {
        let (table, hash) = hash(id);
        if let Some(table) = self.tables.get_mut(table) {
            table.remove(hash, has_id);
        }
    }

    /// Memory in use, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.tables.iter().map(|table| table.buckets.len() * size_of::<Bucket>()).sum()
    }
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// One for each home bucket, then the overflow of the last ones.
    buckets: Vec<Bucket>,
    home_buckets: usize,
    filled: usize,
}

impl Table {
    fn insert(&mut self, hash: u32, node: NodeIndex, has_id: impl Fn(NodeIndex) -> bool) -> bool {
        if self.filled * 4 >= self.home_buckets * SLOTS * 3 {
            self.grow();
        }
        let Err(at) = self.search(hash, has_id) else { return false };
        self.put(at, hash, node);
        self.filled += 1;
        true
    }

    fn remove(&mut self, hash: u32, has_id: impl Fn(NodeIndex) -> bool) {
        let Ok((mut at, mut slot, _)) = self.search(hash, has_id) else { return };
        self.filled -= 1;
        loop {
            let Some(bucket) = self.buckets.get_mut(at) else { return };
            let was_full = bucket.is_full();
            bucket.remove(slot);
            // An entry that overflowed this bucket moves back, because a lookup stops at a bucket that is not full.
            let Some(next) = was_full.then(|| self.find_overflowed(at)).flatten() else { return };
            let moved = self.buckets.get(next.0).and_then(|bucket| bucket.slots().nth(next.1));
            if let Some((hash, node)) = moved {
                self.put(at, hash, node);
            }
            (at, slot) = next;
        }
    }

    /// Bucket and slot of the first entry after bucket `at` that overflowed from it or from an earlier one.
    fn find_overflowed(&self, at: usize) -> Option<(usize, usize)> {
        for (bucket, number) in self.buckets.get(at + 1..)?.iter().zip(at + 1..) {
            let slot = bucket.slots().position(|(hash, _)| self.home_bucket(hash) <= at);
            if slot.is_some() || !bucket.is_full() {
                return slot.map(|slot| (number, slot));
            }
        }
        None
    }

    /// The bucket where the probe for this hash starts.
    fn home_bucket(&self, hash: u32) -> usize {
        // Scales the hash range to the bucket range; the product fits in a `u64`.
        let home_buckets = u64::try_from(self.home_buckets).unwrap_or(0);
        usize::try_from((u64::from(hash) * home_buckets) >> 32).unwrap_or(0)
    }

    /// Bucket, slot and node of an id, or else the bucket with a free slot for it.
    fn search(&self, hash: u32, has_id: impl Fn(NodeIndex) -> bool) -> Result<(usize, usize, NodeIndex), usize> {
        let mut at = self.home_bucket(hash);
        while let Some(bucket) = self.buckets.get(at) {
            if let Some((slot, node)) = bucket.position(hash, &has_id) {
                return Ok((at, slot, node));
            }
            if !bucket.is_full() {
                break;
            }
            at += 1;
        }
        Err(at)
    }

    fn put(&mut self, at: usize, hash: u32, node: NodeIndex) {
        if at >= self.buckets.len() {
            self.buckets.push(EMPTY);
        }
        if let Some(bucket) = self.buckets.get_mut(at) {
            bucket.set(bucket.filled(), hash, node);
        }
    }

    fn grow(&mut self) {
        self.home_buckets += self.home_buckets.div_ceil(4).max(1);
        let before = std::mem::replace(&mut self.buckets, vec![EMPTY; self.home_buckets]);
        // A separate count is faster than reading a bucket that has just been written.
        let mut filled = vec![0_u8; self.home_buckets];
        for (hash, node) in before.iter().flat_map(Bucket::slots) {
            let mut at = self.home_bucket(hash);
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

/// The table and the hash within it: the random half of a UUIDv7, multiplied; the upper bits are the best mixed.
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
        fn the_index_finds_what_a_hash_map_finds(ops in prop::collection::vec((any::<bool>(), 0..400u16), 0..2_000)) {
            let (mut index, mut map, mut ids) = (UserIndex::default(), HashMap::new(), Vec::new());
            for (adds, n) in ops {
                let id = user(n);
                if adds {
                    let node = NodeIndex::try_from(ids.len()).expect("few");
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
