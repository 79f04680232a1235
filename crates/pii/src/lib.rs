//! Encryption of personal numbers (PAN, bank account) at rest, with a blind index for lookups.
//!
//! Envelope encryption: each value has its own data key, which is encrypted with a master key. The first master key
//! seals, all of them open; keys are rotated by adding a new one in front, after which [`Sealer::reseal`] seals stored
//! values again. Both layers are bound to the purpose, so that a sealed account number cannot be presented as a PAN.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use runtime::config::{ConfigError, Env};
use runtime::id;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use std::fmt;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const MAX_ID_BYTES: usize = 32;

/// Why a sealed value cannot be opened. Reveals neither the value nor the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PiiError {
    #[error("not a sealed value")]
    Malformed,
    #[error("sealed with a key that is not configured")]
    UnknownKey,
    #[error("modified, or sealed for another purpose")]
    Forged,
}

struct MasterKey {
    id: String,
    key: SecretBox<[u8; KEY_BYTES]>,
}

impl MasterKey {
    /// The header of a value sealed with this key.
    fn header(&self) -> Vec<u8> {
        // An id has at most 32 bytes.
        let mut header = vec![VERSION, u8::try_from(self.id.len()).unwrap_or(u8::MAX)];
        header.extend_from_slice(self.id.as_bytes());
        header
    }
}

/// Seals and opens values.
pub struct Sealer {
    first: MasterKey,
    others: Vec<MasterKey>,
    index_key: SecretBox<[u8; KEY_BYTES]>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys().map(|k| &k.id)).finish()
    }
}

impl Sealer {
    /// Reads `PII_KEYS` (`id:base64-of-32-bytes`, separated by commas or lines; the first seals, all open) and
    /// `PII_INDEX_KEY` (base64 of 32 bytes; it must never change, because stored indexes depend on it). Either can be
    /// in a file, which `PII_KEYS_FILE` or `PII_INDEX_KEY_FILE` names.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let text = env.required_or_file("PII_KEYS")?;
        let bad = |reason: String| ConfigError::new(&text.variable, reason);
        let mut keys: Vec<MasterKey> = Vec::new();
        let entries = text.value.expose_secret().split([',', '\n']).map(str::trim).filter(|e| !e.is_empty());
        for (n, entry) in entries.enumerate() {
            let (id, key) = entry.split_once(':').ok_or_else(|| bad(format!("entry {n} is not id:key")))?;
            let named =
                (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !named {
                return Err(bad(format!("entry {n} has a bad id: 1 to {MAX_ID_BYTES} letters, digits or hyphens")));
            }
            if keys.iter().any(|k| k.id == id) {
                return Err(bad(format!("the id of entry {n} is there twice")));
            }
            let key = decode_key(key).ok_or_else(|| bad(format!("the key of entry {n} is not base64 of 32 bytes")))?;
            keys.push(MasterKey { id: id.to_owned(), key });
        }
        let index_key = env.required_or_file("PII_INDEX_KEY")?;
        let index_key = decode_key(index_key.value.expose_secret())
            .ok_or_else(|| ConfigError::new(&index_key.variable, "is not base64 of 32 bytes"))?;
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or_else(|| bad("names no key".into()))?;
        Ok(Self { first, others: keys.collect(), index_key })
    }

    /// Random keys, for tests and a first embedded run.
    pub fn generate() -> Self {
        let random = || SecretBox::new(Box::new(id::random_bytes()));
        Self { first: MasterKey { id: "k1".into(), key: random() }, others: Vec::new(), index_key: random() }
    }

    /// The variables from which [`Sealer::from_env`] rebuilds this sealer.
    pub fn to_env(&self) -> [(&'static str, String); 2] {
        let key = |k: &MasterKey| format!("{}:{}", k.id, STANDARD.encode(k.key.expose_secret()));
        let keys: Vec<String> = self.keys().map(key).collect();
        [("PII_KEYS", keys.join(",")), ("PII_INDEX_KEY", STANDARD.encode(self.index_key.expose_secret()))]
    }

    /// Seals `plain` for `purpose`, such as `pan` or `bank_account`. The same value gives different bytes each time.
    pub fn seal(&self, purpose: &str, plain: &str) -> Vec<u8> {
        self.seal_bytes(purpose, plain.as_bytes())
    }

    /// Like [`Sealer::seal`], for bytes.
    pub fn seal_bytes(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let data_key = Zeroizing::new(id::random_bytes::<KEY_BYTES>());
        let mut sealed = self.first.header();
        let bound = bound(&sealed, purpose);
        sealed.extend(encrypt(self.first.key.expose_secret(), &bound, data_key.as_slice()));
        sealed.extend(encrypt(&data_key, &bound, plain));
        sealed
    }

    /// Opens a value that was sealed for `purpose`.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretString, PiiError> {
        let plain = self.open_bytes(purpose, sealed)?;
        std::str::from_utf8(&plain).map(|text| text.to_owned().into()).map_err(|_| PiiError::Malformed)
    }

    /// Like [`Sealer::open`], for bytes.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PiiError> {
        let (header, rest) = match sealed {
            [VERSION, length, ..] => sealed.split_at_checked(2 + usize::from(*length)).ok_or(PiiError::Malformed)?,
            _ => return Err(PiiError::Malformed),
        };
        let id = header.get(2..).unwrap_or_default();
        let master = self.keys().find(|k| k.id.as_bytes() == id).ok_or(PiiError::UnknownKey)?;
        let (wrapped, encrypted) =
            rest.split_at_checked(NONCE_BYTES + KEY_BYTES + TAG_BYTES).ok_or(PiiError::Malformed)?;
        let bound = bound(header, purpose);
        let data_key = decrypt(master.key.expose_secret(), &bound, wrapped)?;
        let data_key: &[u8; KEY_BYTES] = data_key.as_slice().try_into().map_err(|_| PiiError::Malformed)?;
        decrypt(data_key, &bound, encrypted)
    }

    /// The id of the key that seals.
    pub fn first_key_id(&self) -> &str {
        &self.first.id
    }

    /// Seals a value again that another key than the first has sealed for `purpose`. `None` when the first key has
    /// sealed it already.
    pub fn reseal(&self, purpose: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, PiiError> {
        if sealed.starts_with(&self.first.header()) {
            return Ok(None);
        }
        let plain = self.open_bytes(purpose, sealed)?;
        Ok(Some(self.seal_bytes(purpose, &plain)))
    }

    fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// A blind index: a keyed hash that is equal for equal values. Spaces, hyphens and case are ignored.
    pub fn index(&self, purpose: &str, plain: &str) -> [u8; 32] {
        let mut mac = hmac(self.index_key.expose_secret());
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        for c in plain.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            mac.update(c.to_ascii_uppercase().encode_utf8(&mut [0; 4]).as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

fn hmac(key: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to the block size.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    <Hmac<Sha256> as hmac::KeyInit>::new(&block.into())
}

fn decode_key(text: &str) -> Option<SecretBox<[u8; KEY_BYTES]>> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok()?;
    Some(SecretBox::new(Box::new(key)))
}

/// The additional authenticated data of both layers.
fn bound(header: &[u8], purpose: &str) -> Vec<u8> {
    [header, purpose.as_bytes()].concat()
}

/// Nonce, ciphertext, tag.
#[expect(clippy::expect_used, reason = "AES-GCM refuses only what does not fit in memory here")]
fn encrypt(key: &[u8; KEY_BYTES], bound: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = id::random_bytes::<NONCE_BYTES>();
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    let encrypted = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: bound });
    [nonce.as_slice(), &encrypted.expect("a short text is encrypted")].concat()
}

fn decrypt(key: &[u8; KEY_BYTES], bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PiiError> {
    let (nonce, encrypted) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(PiiError::Malformed)?;
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    let plain = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: encrypted, aad: bound });
    plain.map(Zeroizing::new).map_err(|_| PiiError::Forged)
}
