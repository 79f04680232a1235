//! Cache of verified tokens, so that a signature is not verified for every request.

use crate::token::Claims;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Seconds for which a verified token is cached.
const MAX_AGE_SECS: i64 = 60;
/// Tokens of one generation; there are two.
const MAX_GENERATION_TOKENS: usize = 10_000;

/// A bounded cache: when the young generation is full it replaces the old one.
#[derive(Default)]
pub(crate) struct VerifiedTokens(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<[u8; 32], VerifiedToken>,
    old: HashMap<[u8; 32], VerifiedToken>,
}

#[derive(Clone)]
struct VerifiedToken {
    claims: Claims,
    verified_at_secs: i64,
}

impl VerifiedTokens {
    /// The claims of the token with this hash, if it was verified within the last minute and has not expired.
    pub(crate) fn find(&self, hash: &[u8; 32], now_secs: i64) -> Option<Claims> {
        let generations = self.0.lock();
        let token = generations.young.get(hash).or_else(|| generations.old.get(hash))?;
        let age = now_secs.saturating_sub(token.verified_at_secs);
        let fresh = (0..MAX_AGE_SECS).contains(&age) && now_secs < token.claims.exp;
        fresh.then(|| token.claims.clone())
    }

    pub(crate) fn insert(&self, hash: [u8; 32], claims: Claims, now_secs: i64) {
        let mut generations = self.0.lock();
        if generations.young.len() >= MAX_GENERATION_TOKENS {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(hash, VerifiedToken { claims, verified_at_secs: now_secs });
    }
}
