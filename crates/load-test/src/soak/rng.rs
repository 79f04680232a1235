//! Pseudo-random generator (SplitMix64): a seed gives the same choices in every run.

#[derive(Debug, Clone)]
pub(crate) struct SeededRng(u64);

impl SeededRng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }
    /// An upper-case letter.
    pub(crate) fn letter(&mut self) -> char {
        char::from(b'A'.saturating_add(u8::try_from(self.below(26)).unwrap_or_default()))
    }
    /// A random text of 16 hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
    /// An independent generator for a concurrent task.
    pub(crate) const fn branch(&mut self) -> Self {
        Self(self.next())
    }
}
