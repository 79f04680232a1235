//! The life of a signing key: published, then signing, then only verifying, then gone.

use domain::Timestamp;

/// A new key is published this long before it signs, so that every verifier knows it by then.
pub(crate) const PUBLISH_AHEAD_SECS: i64 = 60;
/// Keys are replaced at this age.
pub(crate) const ROTATE_AFTER_SECS: i64 = 90 * 24 * 3600;
/// Beyond the last token's life, for clocks that disagree.
const GRACE_SECS: i64 = 300;

/// Index of the key that signs at `now` among keys given by when they begin to sign: the latest that has
/// begun, or the first to begin when none has.
pub(crate) fn signing(signs_from: &[Timestamp], now: Timestamp) -> Option<usize> {
    let all = signs_from.iter().enumerate();
    let begun = all.clone().filter(|(_, from)| **from <= now).max_by_key(|(_, from)| **from);
    begun.or_else(|| all.min_by_key(|(_, from)| **from)).map(|(index, _)| index)
}

/// Whether nothing signed by a key can be alive: its successor began to sign a token's life ago.
pub(crate) fn is_over(successor_signs_from: Timestamp, token_ttl_secs: i64, now: Timestamp) -> bool {
    now >= successor_signs_from.plus_secs(token_ttl_secs + GRACE_SECS)
}

/// Whether the newest key is due for replacement.
pub(crate) fn is_due(newest_signs_from: Timestamp, now: Timestamp) -> bool {
    now >= newest_signs_from.plus_secs(ROTATE_AFTER_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.plus_secs(secs)
    }

    #[test]
    fn a_new_key_signs_only_once_it_was_published_for_a_while() {
        let keys = [at(0), at(160)];
        assert_eq!(signing(&keys, at(159)), Some(0));
        assert_eq!(signing(&keys, at(160)), Some(1));
        assert_eq!(signing(&keys, at(-5)), Some(0));
        assert_eq!(signing(&[], at(0)), None);
    }

    #[test]
    fn an_old_key_verifies_until_its_last_token_has_expired() {
        assert!(!is_over(at(160), 900, at(160 + 900)));
        assert!(is_over(at(160), 900, at(160 + 900 + 300)));
    }

    #[test]
    fn a_key_is_replaced_after_ninety_days() {
        assert!(!is_due(at(0), at(ROTATE_AFTER_SECS - 1)));
        assert!(is_due(at(0), at(ROTATE_AFTER_SECS)));
    }
}
