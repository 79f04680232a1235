//! Pairs made by one input.

use super::input::PairMade;
use super::voidable_pairs::VoidablePairs;

/// Pairs made by one input; ordinals continue from the input before.
pub(super) struct PairsMade<'a> {
    pub(super) pairs: Vec<PairMade>,
    pub(super) last_ordinal: u64,
    pub(super) voidable_pairs: &'a mut VoidablePairs,
}
