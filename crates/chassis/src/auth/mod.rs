//! Authentication of callers: access tokens, their public keys, revoked sessions.
//!
//! Files: [`caller`] (the person that sends a request, and who may call a route), [`token`] (claims), [`sign`] (signs
//! a token), [`verifier`] (verifies one; `token_cache` keeps verified tokens for a minute), [`jwks`] and `keys` (the
//! source of public keys and the copies kept of them), [`revocation`] (sessions that ended before their tokens
//! expired), `error`.

pub mod caller;
mod error;
pub mod jwks;
mod keys;
pub mod revocation;
pub mod sign;
pub mod token;
mod token_cache;
pub mod verifier;

pub use caller::{Access, Caller};
pub use error::AuthFailure;
pub use jwks::{HttpKeySource, KeySource, SharedKeys};
pub use sign::SigningKey;
pub use token::Claims;
pub use verifier::Verifier;
