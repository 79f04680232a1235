//! The newest documents of a pass over the index, some of each kind.

use crate::document::{MAX_KINDS, Reference};
use crate::engine::{ID_HIGH, ID_LOW, KIND};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

/// Collects the documents with the greatest ids, up to `limits` of each kind.
pub(crate) struct Newest {
    /// By the number of the kind; zero for a kind that is not asked for.
    pub(crate) limits: [usize; kinds()],
}

/// [`MAX_KINDS`] as the length of an array.
pub(crate) const fn kinds() -> usize {
    8
}

const _: () = assert!(MAX_KINDS == 8, "`kinds` returns MAX_KINDS");

type Ids = BinaryHeap<Reverse<u128>>;

/// The documents of one segment.
pub(crate) struct SegmentNewest {
    limits: [usize; kinds()],
    ids: [Ids; kinds()],
    kind: Column<u64>,
    high: Column<u64>,
    low: Column<u64>,
}

impl SegmentNewest {
    fn first(column: &Column<u64>, doc: DocId) -> u64 {
        column.first(doc).unwrap_or_default()
    }
}

impl SegmentCollector for SegmentNewest {
    type Fruit = Vec<Reference>;

    fn collect(&mut self, doc: DocId, _score: Score) {
        let Ok(kind) = usize::try_from(Self::first(&self.kind, doc)) else { return };
        let (Some(limit), Some(ids)) = (self.limits.get(kind), self.ids.get_mut(kind)) else { return };
        if *limit == 0 {
            return;
        }
        let high = u128::from(Self::first(&self.high, doc)) << 64;
        let oldest = ids.peek().filter(|_| ids.len() >= *limit);
        // Most documents of a large pass are older than those that are there: half of their id shows it.
        if oldest.is_some_and(|Reverse(oldest)| high | u128::from(u64::MAX) < *oldest) {
            return;
        }
        ids.push(Reverse(high | u128::from(Self::first(&self.low, doc))));
        if ids.len() > *limit {
            ids.pop();
        }
    }

    fn harvest(self) -> Vec<Reference> {
        let kinds = (0..MAX_KINDS).zip(self.ids);
        kinds.flat_map(|(kind, ids)| ids.into_iter().map(move |Reverse(id)| Reference { kind, id })).collect()
    }
}

impl Collector for Newest {
    type Fruit = Vec<Reference>;
    type Child = SegmentNewest;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentNewest> {
        let fast = segment.fast_fields();
        Ok(SegmentNewest {
            limits: self.limits,
            ids: std::array::from_fn(|_| Ids::new()),
            kind: fast.u64(KIND)?,
            high: fast.u64(ID_HIGH)?,
            low: fast.u64(ID_LOW)?,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    /// Returns them by kind, the newest first; of some kinds there may be more than the limit.
    fn merge_fruits(&self, segments: Vec<Vec<Reference>>) -> tantivy::Result<Vec<Reference>> {
        let mut all: Vec<Reference> = segments.into_iter().flatten().collect();
        all.sort_unstable_by_key(|found| (found.kind, Reverse(found.id)));
        Ok(all)
    }
}
