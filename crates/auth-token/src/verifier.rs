//! Verification of access tokens: signature, claims, revocation.

use crate::error::AuthFailure;
use crate::jwks::KeySource;
use crate::keys::KeyRing;
use crate::revocation::Revocations;
use crate::token::{AUDIENCE, Claims, ISSUER};
use crate::token_cache::VerifiedTokens;
use db::Db;
use http_api::middleware::Origin;
use http_api::{Authenticator, Caller, Problem};
use jsonwebtoken::{Algorithm, Validation};
use runtime::cache::Cache;
use runtime::clock::Clock;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longest accepted token.
const MAX_TOKEN_BYTES: usize = 4096;

/// Verifies access tokens.
pub struct Verifier {
    clock: Arc<dyn Clock>,
    keys: KeyRing,
    verified: VerifiedTokens,
    revocations: Revocations,
    validation: Validation,
}

impl Verifier {
    /// A verifier with the public keys of `keys`, which it also stores in `db`.
    pub fn new(db: Db, cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, keys: Arc<dyn KeySource>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // `exp` is checked in `verify_signature`, by the injected clock.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self {
            keys: KeyRing::new(db.clone(), Arc::clone(&clock), keys),
            revocations: Revocations::new(db, cache),
            verified: VerifiedTokens::default(),
            clock,
            validation,
        }
    }

    /// Returns the claims of a token. Errors when it is forged or expired, or its session is revoked.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthFailure> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthFailure::Invalid);
        }
        let now = self.clock.now();
        let now_secs = now.micros().div_euclid(1_000_000);
        let hash: [u8; 32] = Sha256::digest(token).into();
        let claims = match self.verified.find(&hash, now_secs) {
            Some(claims) => claims,
            None => {
                let claims = self.verify_signature(token, now_secs).await?;
                self.verified.insert(hash, claims.clone(), now_secs);
                claims
            }
        };
        if self.revocations.contains(claims.sid, now).await? {
            return Err(AuthFailure::SessionEnded);
        }
        Ok(claims)
    }

    async fn verify_signature(&self, token: &str, now_secs: i64) -> Result<Claims, AuthFailure> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthFailure::Invalid)?;
        // No critical extension is supported.
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(AuthFailure::Invalid);
        }
        let kid = header.kid.ok_or(AuthFailure::Invalid)?;
        let key = self.keys.find(&kid).await?;
        let claims: Claims =
            jsonwebtoken::decode(token, &key, &self.validation).map_err(|_| AuthFailure::Invalid)?.claims;
        if now_secs >= claims.exp { Err(AuthFailure::Expired) } else { Ok(claims) }
    }
}

#[async_trait::async_trait]
impl Authenticator for Verifier {
    async fn authenticate(&self, token: &str, Origin { request_id, address }: Origin) -> Result<Caller, Problem> {
        let claims = self.verify(token).await?;
        Ok(Caller {
            user_id: claims.sub,
            role: claims.role,
            referrer: claims.referrer,
            session_id: claims.sid,
            expires_at_secs: claims.exp,
            proved_at_secs: claims.auth_time,
            request_id,
            address,
        })
    }
}
