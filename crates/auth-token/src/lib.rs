//! Access tokens: signed by auth, verified by every service with auth's public keys, revocable before they expire.
//!
//! Reading order: [`token`] (claims), [`sign`] (signs a token), [`verifier`] (verifies one; `token_cache` keeps
//! verified tokens for a minute), [`jwks`] and `keys` (the source of public keys and the copies kept of them),
//! [`revocation`] (sessions that ended before their tokens expired), `error`.
//!
//! Invariants: a token of a revoked session is refused, also while the cache is down; a withdrawn key is refused after
//! five minutes; without a source of keys, tokens of known keys are accepted.

mod error;
pub mod jwks;
mod keys;
pub mod revocation;
mod schema;
pub mod sign;
pub mod token;
mod token_cache;
pub mod verifier;

pub use error::AuthFailure;
pub use jwks::{HttpKeySource, KeySource, SharedKeys};
pub use sign::SigningKey;
pub use token::Claims;
pub use verifier::Verifier;
