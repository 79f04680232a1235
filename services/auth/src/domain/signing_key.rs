//! Life cycle of a signing key: published, signing, verifying only, deleted.

use domain::Timestamp;

/// Time between the publication of a new key and its first signature, for every verifier to load it.
pub(crate) const PUBLISH_AHEAD_SECS: i64 = 60;
/// Age at which a key is replaced.
pub(crate) const ROTATE_AFTER_SECS: i64 = 90 * 24 * 3600;
/// Tolerance for differing clocks, added to the lifetime of the last token.
const CLOCK_SKEW_SECS: i64 = 300;

/// Index of the key that signs at `now`, given the start of signing of each key: the latest that has started, or the
/// earliest when none has. `None` without keys.
pub(crate) fn current_index(signs_from: &[Timestamp], now: Timestamp) -> Option<usize> {
    let all = signs_from.iter().enumerate();
    let started = all.clone().filter(|(_, from)| **from <= now).max_by_key(|(_, from)| **from);
    started.or_else(|| all.min_by_key(|(_, from)| **from)).map(|(index, _)| index)
}

/// Whether every token signed by a key has expired, given when its successor started to sign.
pub(crate) fn is_retired(successor_signs_from: Timestamp, token_ttl_secs: i64, now: Timestamp) -> bool {
    now >= successor_signs_from.plus_secs(token_ttl_secs + CLOCK_SKEW_SECS)
}

/// Whether the newest key is due for replacement.
pub(crate) fn is_rotation_due(newest_signs_from: Timestamp, now: Timestamp) -> bool {
    now >= newest_signs_from.plus_secs(ROTATE_AFTER_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.plus_secs(secs)
    }

    #[test]
    fn a_new_key_signs_only_from_its_start_time() {
        let keys = [at(0), at(160)];
        assert_eq!(current_index(&keys, at(159)), Some(0));
        assert_eq!(current_index(&keys, at(160)), Some(1));
        assert_eq!(current_index(&keys, at(-5)), Some(0));
        assert_eq!(current_index(&[], at(0)), None);
    }

    #[test]
    fn an_old_key_verifies_until_its_last_token_has_expired() {
        assert!(!is_retired(at(160), 900, at(160 + 900)));
        assert!(is_retired(at(160), 900, at(160 + 900 + 300)));
    }

    #[test]
    fn a_key_is_replaced_after_ninety_days() {
        assert!(!is_rotation_due(at(0), at(ROTATE_AFTER_SECS - 1)));
        assert!(is_rotation_due(at(0), at(ROTATE_AFTER_SECS)));
    }
}
