//! What a network may do to events, decided by a seed so that a failure can be repeated.

/// Every sixth event or so arrives twice, every fourth late, and none where it belongs.
#[derive(Debug)]
pub(super) struct Disturbance {
    random: SplitMix64,
}

/// How an event that comes in is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Treatment {
    /// Deliveries it stays away for, unless there is nothing else to deliver.
    pub(super) hold: u64,
    /// The same for a second copy, if there is to be one. Held long enough to come after the first is
    /// acknowledged more often than not.
    pub(super) copy_hold: Option<u64>,
}

impl Disturbance {
    /// `salt` keeps the queues of one bus from doing the same.
    pub(super) fn new(seed: u64, salt: &str) -> Self {
        let salted = salt.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Self { random: SplitMix64(salted) }
    }

    pub(super) fn treatment(&mut self) -> Treatment {
        let hold = if self.random.below(4) == 0 { 1 + self.random.below(4) } else { 0 };
        let copy_hold = (self.random.below(6) == 0).then(|| self.random.below(6));
        Treatment { hold, copy_hold }
    }

    /// How many of up to `max` to deliver at once; at least one.
    pub(super) fn batch(&mut self, max: usize) -> usize {
        if max <= 1 { 1 } else { 1 + self.index(max) }
    }

    /// Mixes `items` up, each by no more than about sixteen places.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for chunk in items.chunks_mut(16) {
            for last in (1..chunk.len()).rev() {
                let other = self.index(last + 1);
                chunk.swap(last, other);
            }
        }
    }

    /// Below `len`, which is not zero.
    fn index(&mut self, len: usize) -> usize {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.random.below(len)).unwrap_or(0)
    }
}

/// Sebastiano Vigna's generator: eight lines, no state but a counter.
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
    /// Nearly even for the small bounds used here. Zero for a bound of zero.
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
        let run = |seed, salt| {
            let mut d = Disturbance::new(seed, salt);
            let mut items: Vec<u32> = (0..100).collect();
            d.shuffle(&mut items);
            (items, (0..100).map(|_| d.treatment()).collect::<Vec<_>>())
        };
        assert_eq!(run(7, "wallet"), run(7, "wallet"));
        assert_ne!(run(7, "wallet"), run(8, "wallet"));
        assert_ne!(run(7, "wallet"), run(7, "binary"));
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        for len in [0, 1, 2, 15, 16, 17, 100] {
            let mut items: Vec<usize> = (0..len).collect();
            Disturbance::new(3, "x").shuffle(&mut items);
            items.sort_unstable();
            assert_eq!(items, (0..len).collect::<Vec<_>>());
        }
    }
}
