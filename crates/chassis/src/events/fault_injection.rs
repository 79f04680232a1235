//! Fault injection for the in-memory bus: reordering, duplicates and delays from a seed, so that a failure can be
//! reproduced.

/// Duplicates about every sixth event, delays about every fourth, and reorders all of them.
#[derive(Debug)]
pub(super) struct FaultInjector {
    random: SplitMix64,
}

/// How one published event is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeliveryPlan {
    /// Deliveries for which the event is held back, unless there is nothing else to deliver.
    pub(super) delay: u64,
    /// The same for a duplicate, if there is one. Usually long enough to arrive after the first is acknowledged.
    pub(super) copy_delay: Option<u64>,
}

impl FaultInjector {
    /// `stream_id` gives each queue of a bus its own sequence.
    pub(super) fn new(seed: u64, stream_id: &str) -> Self {
        let salted = stream_id.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Self { random: SplitMix64(salted) }
    }

    /// The plan for the next event.
    pub(super) fn next_plan(&mut self) -> DeliveryPlan {
        let delay = if self.random.below(4) == 0 { 1 + self.random.below(4) } else { 0 };
        let copy_delay = (self.random.below(6) == 0).then(|| self.random.below(6));
        DeliveryPlan { delay, copy_delay }
    }

    /// How many of up to `max` events to deliver in one batch; at least one.
    pub(super) fn batch_size(&mut self, max: usize) -> usize {
        if max <= 1 { 1 } else { 1 + self.index(max) }
    }

    /// Shuffles `items` within groups of sixteen.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for chunk in items.chunks_mut(16) {
            for last in (1..chunk.len()).rev() {
                let other = self.index(last + 1);
                chunk.swap(last, other);
            }
        }
    }

    /// A random index below `len`, which is not zero.
    fn index(&mut self, len: usize) -> usize {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.random.below(len)).unwrap_or(0)
    }
}

/// The pseudo-random generator of Sebastiano Vigna.
#[derive(Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `bound`, nearly uniform for small bounds; zero for a bound of zero.
    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut random = SplitMix64(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn the_same_seed_does_the_same_again() {
        let run = |seed, stream_id| {
            let mut d = FaultInjector::new(seed, stream_id);
            let mut items: Vec<u32> = (0..100).collect();
            d.shuffle(&mut items);
            (items, (0..100).map(|_| d.next_plan()).collect::<Vec<_>>())
        };
        assert_eq!(run(7, "wallet"), run(7, "wallet"));
        assert_ne!(run(7, "wallet"), run(8, "wallet"));
        assert_ne!(run(7, "wallet"), run(7, "binary"));
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        for len in [0, 1, 2, 15, 16, 17, 100] {
            let mut items: Vec<usize> = (0..len).collect();
            FaultInjector::new(3, "x").shuffle(&mut items);
            items.sort_unstable();
            assert_eq!(items, (0..len).collect::<Vec<_>>());
        }
    }
}
