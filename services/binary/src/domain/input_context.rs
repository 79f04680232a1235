//! Context of one input: the terms it is applied under, and the pairs it makes.

use super::input::PairMade;
use super::rules::MatchingTerms;
use super::voidable_pairs::VoidablePairs;

/// Context of one input.
pub(super) struct InputContext<'a> {
    /// Sequence number of the input: the matching order of a member who starts to count with it.
    pub(super) order: u32,
    pub(super) terms: MatchingTerms<'a>,
    pub(super) voidable_pairs: &'a mut VoidablePairs,
    pub(super) made: Vec<PairMade>,
    /// Sequence number of the latest pair over all earners.
    pub(super) last_ordinal: i64,
}
