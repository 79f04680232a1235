//! Random codes and tokens, their hashes, and encryption of stored values.

use crate::domain::identifier::Identifier;
use crate::domain::otp::{self, Purpose};
use crate::domain::referral::ReferralCode;
use auth_token::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use pii::{PiiError, Sealer};
use runtime::id::random_bytes;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A stored value that cannot be decrypted or parsed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableValue {
    #[error(transparent)]
    Sealed(#[from] PiiError),
    #[error("a stored value has an unexpected JSON structure")]
    Shape(#[from] serde_json::Error),
    #[error(transparent)]
    Key(#[from] auth_token::sign::InvalidPrivateKey),
}

// Purposes of sealed values: a value sealed for one purpose cannot be opened for another.
pub(crate) const MESSAGE: &str = "message";
pub(crate) const SIGNUP: &str = "signup";
pub(crate) const SIGNING_KEY: &str = "signing_key";

/// Secret keys of the service, except the signing keys.
pub(crate) struct Secrets {
    otp_key: SecretBox<[u8; 32]>,
    pub(crate) sealer: Sealer,
}

impl Secrets {
    pub(crate) const fn new(otp_key: SecretBox<[u8; 32]>, sealer: Sealer) -> Self {
        Self { otp_key, sealer }
    }

    /// Keyed hash under which a one-time code is stored. It differs for another identifier, purpose or key.
    pub(crate) fn code_hash(&self, purpose: Purpose, identifier: &Identifier, code: &str) -> [u8; 32] {
        self.keyed_hash(&[purpose.as_str(), identifier.as_str(), code])
    }

    /// Keyed hash of an identifier or an address for use in cache keys, which must not reveal either.
    pub(crate) fn cache_key_hash(&self, parts: &[&str]) -> String {
        let parts: Vec<&str> = std::iter::once("cache").chain(parts.iter().copied()).collect();
        let hash = self.keyed_hash(&parts);
        URL_SAFE_NO_PAD.encode(hash.get(..18).unwrap_or(&hash))
    }

    fn keyed_hash(&self, parts: &[&str]) -> [u8; 32] {
        let mut block = [0; 64];
        block.iter_mut().zip(self.otp_key.expose_secret()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().into()
    }

    /// Encrypts a queued message.
    pub(crate) fn seal_message<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, UnreadableValue> {
        Ok(self.sealer.seal(MESSAGE, &serde_json::to_string(value)?))
    }
    /// Decrypts a queued message.
    pub(crate) fn open_message<T: DeserializeOwned>(&self, sealed: &[u8]) -> Result<T, UnreadableValue> {
        Ok(serde_json::from_str(self.sealer.open(MESSAGE, sealed)?.expose_secret())?)
    }
    /// Encrypts the profile of an unfinished sign-up.
    pub(crate) fn seal_signup<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, UnreadableValue> {
        Ok(self.sealer.seal(SIGNUP, &serde_json::to_string(value)?))
    }
    /// Decrypts the profile of an unfinished sign-up.
    pub(crate) fn open_signup<T: DeserializeOwned>(&self, sealed: &[u8]) -> Result<T, UnreadableValue> {
        Ok(serde_json::from_str(self.sealer.open(SIGNUP, sealed)?.expose_secret())?)
    }
    /// Encrypts a private signing key.
    pub(crate) fn seal_key(&self, key: &SigningKey) -> Vec<u8> {
        self.sealer.seal(SIGNING_KEY, key.to_secret().expose_secret())
    }
    /// Decrypts a private signing key.
    pub(crate) fn open_key(&self, sealed: &[u8]) -> Result<SigningKey, UnreadableValue> {
        let secret: SecretString = self.sealer.open(SIGNING_KEY, sealed)?;
        Ok(SigningKey::from_secret(&secret)?)
    }
}

/// Compares two hashes in constant time.
pub(crate) fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Generates a random one-time code of six digits.
pub(crate) fn new_code() -> String {
    loop {
        if let Some(code) = otp::code_from_random(u32::from_le_bytes(random_bytes())) {
            return code;
        }
    }
}

/// Generates a random referral code. The caller checks that it is unused.
pub(crate) fn new_referral_code() -> ReferralCode {
    loop {
        if let Some(code) = ReferralCode::from_random(&random_bytes::<16>()) {
            return code;
        }
    }
}

/// Generates a random token of 256 bits, in base64url.
pub(crate) fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// Hash under which a token is stored. The token is random, so the hash needs no key.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(key: u8) -> Secrets {
        Secrets::new(SecretBox::new(Box::new([key; 32])), Sealer::generate())
    }

    #[test]
    fn a_code_hash_depends_on_code_identifier_purpose_and_key() {
        let (asha, ravi) = (Identifier::Email("asha@x.in".into()), Identifier::Email("ravi@x.in".into()));
        let hash = secrets(1).code_hash(Purpose::SignIn, &asha, "123456");
        assert!(constant_time_eq(&hash, &secrets(1).code_hash(Purpose::SignIn, &asha, "123456")));
        for other in [
            secrets(1).code_hash(Purpose::SignIn, &asha, "123457"),
            secrets(1).code_hash(Purpose::SignIn, &ravi, "123456"),
            secrets(1).code_hash(Purpose::SignUp, &asha, "123456"),
            secrets(2).code_hash(Purpose::SignIn, &asha, "123456"),
        ] {
            assert!(!constant_time_eq(&hash, &other));
        }
    }

    #[test]
    fn a_signing_key_can_be_sealed_and_opened() {
        let (secrets, key) = (secrets(1), SigningKey::generate());
        let opened = secrets.open_key(&secrets.seal_key(&key)).expect("the key");
        assert_eq!(opened.kid(), key.kid());
        assert!(secrets.open_key(&secrets.sealer.seal(MESSAGE, "x")).is_err());
    }

    #[test]
    fn generated_codes_and_tokens_are_well_formed() {
        for _ in 0..1000 {
            let code = new_code();
            assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
            assert!(ReferralCode::try_new(new_referral_code().as_str()).is_some());
        }
        assert_eq!(new_token().len(), 43);
    }
}
