//! Signing of access tokens, by auth, which alone has private keys, and by tests.

use crate::token::Claims;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, OctetKeyPairParameters,
    OctetKeyPairType, PublicKeyUse,
};
use runtime::id;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;

/// A stored private key cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key")]
pub struct InvalidPrivateKey;

/// An Ed25519 private key and its key id.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    kid: String,
}

impl SigningKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self::from_bytes(&id::random_bytes())
    }
    /// The key with this seed.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let kid = thumbprint(&public(&key));
        Self { key, kid }
    }
    /// The key from the text of [`SigningKey::to_secret`].
    pub fn from_secret(text: &SecretString) -> Result<Self, InvalidPrivateKey> {
        let seed = URL_SAFE_NO_PAD.decode(text.expose_secret()).map_err(|_| InvalidPrivateKey)?;
        let seed = <[u8; 32]>::try_from(seed.as_slice()).map_err(|_| InvalidPrivateKey)?;
        Ok(Self::from_bytes(&seed))
    }
    /// The private key as text. Store it encrypted only.
    pub fn to_secret(&self) -> SecretString {
        URL_SAFE_NO_PAD.encode(self.key.as_bytes()).into()
    }
    /// The key's id: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }
    /// An access token with `claims`.
    #[expect(clippy::expect_used, reason = "claims are ids, numbers and words, which JSON always holds")]
    pub fn sign(&self, claims: &Claims) -> String {
        let header = serde_json::json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.kid }).to_string();
        let claims = serde_json::to_vec(claims).expect("claims are JSON");
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut token);
        token
    }
    /// The public key as a JWK.
    pub fn jwk(&self) -> Jwk {
        Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::EdDSA),
                key_id: Some(self.kid.clone()),
                ..CommonParameters::default()
            },
            algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: public(&self.key),
            }),
        }
    }
    /// A key set with this public key alone.
    pub fn key_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk()] }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn public(key: &ed25519_dalek::SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes())
}

/// The RFC 7638 thumbprint: the hash of the required members of the JWK, in the order of their names.
fn thumbprint(x: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::ThumbprintHash;

    #[test]
    fn a_key_is_the_same_after_being_stored() {
        let key = SigningKey::generate();
        let again = SigningKey::from_secret(&key.to_secret()).expect("the key");
        assert_eq!(key.jwk(), again.jwk());
        assert_ne!(key.kid(), SigningKey::generate().kid());
        assert_eq!(SigningKey::from_secret(&"AAAA".into()).expect_err("too short"), InvalidPrivateKey);
    }

    #[test]
    fn the_key_id_is_the_thumbprint_and_the_private_half_is_never_shown() {
        let key = SigningKey::from_bytes(&[7; 32]);
        assert_eq!(key.jwk().thumbprint(ThumbprintHash::SHA256).expect("a thumbprint"), key.kid());
        let secret = key.to_secret();
        assert!(!format!("{key:?}").contains(secret.expose_secret()));
        assert!(!serde_json::to_string(&key.jwk()).expect("json").contains(secret.expose_secret()));
    }
}
