//! Who is calling: access tokens, their keys, and sessions that were ended early.
//!
//! Files: [`caller`] (the person a request comes from), `verifier` (token checks and revocation), `jwks`
//! (where public keys come from).

pub mod caller;
pub mod jwks;
pub mod token;
pub mod verifier;

pub use caller::{Access, Caller};
pub use token::Claims;
pub use verifier::{AuthFailure, Verifier};
