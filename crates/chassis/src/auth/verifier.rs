//! Access tokens: signature, claims, revocation.

use super::jwks::KeySource;
use super::keys::KeyRing;
use super::revocation::Revocations;
use super::seen::SeenTokens;
use super::token::{AUDIENCE, Claims, ISSUER};
use crate::cache::Cache;
use crate::clock::Clock;
use crate::http::Problem;
use db::Db;
use jsonwebtoken::{Algorithm, Validation};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longest token that is looked at.
const MOST_BYTES: usize = 4096;

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthFailure {
    #[error("the token is not valid")]
    Invalid,
    /// Neither the cache nor the fallback could say whether the session was ended, or no key could be read.
    #[error("{0}")]
    Unavailable(String),
}
impl From<AuthFailure> for Problem {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid => Problem::unauthorized(),
            AuthFailure::Unavailable(_) => Problem::unavailable(failure),
        }
    }
}

/// Checks access tokens.
pub struct Verifier {
    clock: Arc<dyn Clock>,
    keys: KeyRing,
    seen: SeenTokens,
    revocations: Revocations,
    rules: Validation,
}

impl Verifier {
    pub fn new(db: Db, cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, keys: Arc<dyn KeySource>) -> Self {
        let mut rules = Validation::new(Algorithm::EdDSA);
        // Expiry is checked here, by the clock that a test can move.
        rules.validate_exp = false;
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self {
            keys: KeyRing::new(db.clone(), Arc::clone(&clock), keys),
            revocations: Revocations::new(db, cache),
            seen: SeenTokens::default(),
            clock,
            rules,
        }
    }

    /// Who the token speaks for, if it is genuine, alive, and its session was not ended.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthFailure> {
        if token.len() > MOST_BYTES {
            return Err(AuthFailure::Invalid);
        }
        let now = self.clock.now();
        let now_secs = now.micros().div_euclid(1_000_000);
        let hash: [u8; 32] = Sha256::digest(token).into();
        let claims = match self.seen.find(&hash, now_secs) {
            Some(claims) => claims,
            None => {
                let claims = self.check(token, now_secs).await?;
                self.seen.remember(hash, claims.clone(), now_secs);
                claims
            }
        };
        if self.revocations.contains(claims.sid, now).await? {
            return Err(AuthFailure::Invalid);
        }
        Ok(claims)
    }

    async fn check(&self, token: &str, now_secs: i64) -> Result<Claims, AuthFailure> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthFailure::Invalid)?;
        // An extension that has to be understood is one that is not.
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(AuthFailure::Invalid);
        }
        let kid = header.kid.ok_or(AuthFailure::Invalid)?;
        let key = self.keys.find(&kid).await?;
        let claims: Claims = jsonwebtoken::decode(token, &key, &self.rules).map_err(|_| AuthFailure::Invalid)?.claims;
        if now_secs >= claims.exp { Err(AuthFailure::Invalid) } else { Ok(claims) }
    }
}
