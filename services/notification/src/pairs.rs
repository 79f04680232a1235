//! Pairs of an event, by earner.

use messaging::HandleError;
use messaging::decode::word;
use proto_events::binary::v1::Pair;
use proto_events::vocabulary::PairStatus;
use std::collections::BTreeMap;

/// Numbers of the pairs that were matched, not flushed.
pub(crate) fn matched_numbers(pairs: &[&Pair]) -> Result<Vec<u32>, HandleError> {
    let mut numbers = Vec::new();
    for pair in pairs {
        let status: PairStatus = word("status", &pair.status)?;
        if status == PairStatus::Matched {
            numbers.push(pair.number);
        }
    }
    Ok(numbers)
}

/// The earners of these pairs, each at least once.
pub(crate) fn earners(pairs: &[Pair]) -> impl Iterator<Item = &[u8]> {
    pairs.iter().map(|pair| pair.earner_id.as_slice())
}

/// The pairs of each earner.
pub(crate) fn by_earner(pairs: &[Pair]) -> BTreeMap<&[u8], Vec<&Pair>> {
    let mut groups: BTreeMap<&[u8], Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(&pair.earner_id).or_default().push(pair);
    }
    groups
}
