//! Tokens that were verified a moment ago, so that their signature is not checked again.

use super::token::Claims;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Longest time a token is remembered.
const KEPT_SECS: i64 = 60;
/// Most tokens of a generation; there are two.
const GENERATION: usize = 10_000;

/// Bounded: when the young generation is full it becomes the old one, and the old one is forgotten.
#[derive(Default)]
pub(super) struct SeenTokens(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<[u8; 32], Seen>,
    old: HashMap<[u8; 32], Seen>,
}

#[derive(Clone)]
struct Seen {
    claims: Claims,
    from_secs: i64,
}

impl SeenTokens {
    /// The claims of the token with this hash, if it was seen within the last minute and has not expired.
    pub(super) fn find(&self, hash: &[u8; 32], now_secs: i64) -> Option<Claims> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = generations.young.get(hash).or_else(|| generations.old.get(hash))?;
        let age = now_secs.saturating_sub(seen.from_secs);
        let fresh = (0..KEPT_SECS).contains(&age) && now_secs < seen.claims.exp;
        fresh.then(|| seen.claims.clone())
    }

    pub(super) fn remember(&self, hash: [u8; 32], claims: Claims, now_secs: i64) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(hash, Seen { claims, from_secs: now_secs });
    }
}
