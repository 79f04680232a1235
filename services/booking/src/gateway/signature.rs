//! Signatures of webhooks, and the keys under which their events are stored.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Whether `signature` is the hex HMAC-SHA256 of `body`, compared in constant time.
pub(super) fn is_hmac_sha256(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Ok(signature) = hex::decode(signature.trim()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

/// Key of a webhook event for deduplication: the hash of its body, which is what the signature covers. An id in an
/// unsigned header would let a replayed event take the place of another one.
pub fn event_key(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_key_depends_on_the_body_alone() {
        assert_eq!(event_key(b"x"), event_key(b"x"));
        assert_ne!(event_key(b"x"), event_key(b"y"));
    }

    #[test]
    fn only_a_signature_with_the_right_secret_is_valid() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("any length");
        mac.update(b"body");
        let good = hex::encode(mac.finalize().into_bytes());
        assert!(is_hmac_sha256("secret", &good, b"body"));
        assert!(is_hmac_sha256("secret", &good.to_uppercase(), b"body"));
        for (secret, signature, body) in [
            ("secre", good.as_str(), "body"),
            ("secret", good.as_str(), "body "),
            ("secret", "", "body"),
            ("secret", "00", "body"),
            ("secret", "not hex", "body"),
            ("secret", &good[2..], "body"),
        ] {
            assert!(!is_hmac_sha256(secret, signature, body.as_bytes()), "{secret} {signature} {body}");
        }
    }
}
