//! Who is calling: access tokens, their keys, and sessions that were ended early.
//!
//! Files: [`caller`] (the person a request comes from), [`token`] (what a token says), [`sign`] (makes one),
//! [`verifier`] (checks one; `seen` remembers it for a minute), [`jwks`] and `keys` (where public keys come from
//! and stay), [`revocation`] (sessions that were ended early).

pub mod caller;
pub mod jwks;
mod keys;
pub mod revocation;
mod seen;
pub mod sign;
pub mod token;
pub mod verifier;

pub use caller::{Access, Caller};
pub use jwks::{HttpKeySource, KeySource, SharedKeys};
pub use sign::SigningKey;
pub use token::Claims;
pub use verifier::{AuthFailure, Verifier};
