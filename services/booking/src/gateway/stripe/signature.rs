//! Signatures of Stripe's webhooks: `t=1700000000,v1=…[,v1=…]`, the HMAC-SHA256 of the time and the body.

use crate::gateway::signature::is_hmac_sha256;
use domain::Timestamp;

/// Seconds for which a signature is valid, as in Stripe's own libraries.
const TOLERANCE_SECS: i64 = 300;
/// Maximal number of signatures that are compared. Stripe sends one for each secret that is valid.
const MAX_SIGNATURES: usize = 8;

/// Whether one of the signatures in `header` is valid for `body` and recent. While a secret is replaced there are
/// several; those of other schemes than `v1` are ignored.
pub(super) fn is_valid(secret: &str, header: &str, body: &[u8], now: Timestamp) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let Some((_, signed_at)) = parts().find(|(name, _)| *name == "t") else { return false };
    let Ok(secs) = signed_at.parse::<i64>() else { return false };
    let age_secs = now.utc().timestamp().saturating_sub(secs);
    if !(-TOLERANCE_SECS..=TOLERANCE_SECS).contains(&age_secs) {
        return false;
    }
    let signed = [signed_at.as_bytes(), b".", body].concat();
    let mut signatures = parts().filter(|(name, _)| *name == "v1").take(MAX_SIGNATURES);
    signatures.any(|(_, signature)| is_hmac_sha256(secret, signature, &signed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    const SECRET: &str = "whsec_1";

    fn sign(secret: &str, secs: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(format!("{secs}.{body}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn a_signature_is_valid_for_its_body_and_time() {
        let now = Timestamp::UNIX_EPOCH.plus_secs(10_000);
        let (good, other) = (sign(SECRET, 10_000, "body"), sign("whsec_2", 10_000, "body"));
        for (header, valid) in [
            (format!("t=10000,v1={good}"), true),
            (format!("t=10000, v1={good}"), true),
            (format!("t=10000,v1={other},v1={good},v0=00"), true),
            (format!("v1={good},t=10000"), true),
            (format!("t=10000,v1={other}"), false),
            (format!("t=10000,v0={good}"), false),
            (format!("t=10001,v1={good}"), false),
            (format!("v1={good}"), false),
            (format!("t=soon,v1={good}"), false),
            ("t=10000".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_valid(SECRET, &header, b"body", now), valid, "{header}");
            assert!(!is_valid(SECRET, &header, b"body ", now), "{header}");
        }
    }

    #[test]
    fn a_signature_is_valid_for_five_minutes() {
        let header = format!("t=10000,v1={}", sign(SECRET, 10_000, "body"));
        for (secs, valid) in [(9_699, false), (9_700, true), (10_000, true), (10_300, true), (10_301, false)] {
            let now = Timestamp::UNIX_EPOCH.plus_secs(secs);
            assert_eq!(is_valid(SECRET, &header, b"body", now), valid, "{secs}");
        }
        let far = format!("t={},v1=00", i64::MIN);
        assert!(!is_valid(SECRET, &far, b"body", Timestamp::UNIX_EPOCH));
    }
}
