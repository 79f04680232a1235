//! Cache keys of one-time codes and their counters. They contain identifiers and addresses as keyed hashes only.

use super::CodeRequest;
use crate::domain::code_limits::{CodeLimit, LimitScope};
use crate::domain::otp::{CodeId, Purpose};
use crate::secrets::Secrets;
use runtime::cache::RateLimit;
use std::time::Duration;

/// Key of a stored code.
pub(super) fn code(id: CodeId) -> String {
    format!("auth:otp:code:{id}")
}

/// Key of the claim token of the request that is using a code.
pub(super) fn claim(id: CodeId) -> String {
    format!("auth:otp:claim:{id}")
}

/// Cache keys for one identifier, one address and one purpose.
pub(super) struct CacheKeys {
    /// Hash of the identifier.
    pub(super) identifier: String,
    /// Hash of the address.
    address: String,
    /// Hash of the identifier and the address together.
    pair: String,
    /// Exists while no other code may be requested.
    pub(super) wait: String,
    /// Count of codes sent since the last sign-in.
    pub(super) sent_count: String,
    /// List of the usable codes requested from this address, oldest first.
    pub(super) live_codes: String,
    /// `wait` for the time after the address has become known.
    pub(super) known_address_wait: String,
    /// `sent_count` for the time after the address has become known.
    pub(super) known_address_sent_count: String,
}

impl CacheKeys {
    pub(super) fn new(secrets: &Secrets, request: &CodeRequest<'_>) -> Self {
        let (name, address) = (request.identifier.as_str(), request.address.to_string());
        let identifier = secrets.cache_key_hash(&["identifier", name]);
        let pair = secrets.cache_key_hash(&["pair", name, &address]);
        let purpose = request.purpose;
        // Unknown addresses share one wait per identifier, so that together they cannot send many messages at once. A
        // known address has its own wait, so that requests from other addresses do not delay it.
        let wait_scope = if request.is_known_address { &pair } else { &identifier };
        Self {
            wait: wait_key(purpose, wait_scope),
            sent_count: sent_count_key(purpose, wait_scope),
            live_codes: format!("auth:otp:live:{purpose}:{pair}"),
            known_address_wait: wait_key(purpose, &pair),
            known_address_sent_count: sent_count_key(purpose, &pair),
            address: secrets.cache_key_hash(&["address", &address]),
            identifier,
            pair,
        }
    }

    /// Counter of sent codes for one limit. All purposes share it.
    pub(super) fn send_rate_limit(&self, limit: CodeLimit) -> RateLimit {
        rate_limit("codes", &self.scope_key(limit.scope), limit)
    }

    /// Counter of wrong attempts for one limit.
    pub(super) fn attempt_rate_limit(&self, id: CodeId, limit: CodeLimit) -> RateLimit {
        let scope_key = match limit.scope {
            LimitScope::Code => format!("{id}:{}", self.address),
            LimitScope::Pair | LimitScope::Identifier | LimitScope::Address => self.scope_key(limit.scope),
        };
        rate_limit("tries", &scope_key, limit)
    }

    fn scope_key(&self, scope: LimitScope) -> String {
        match scope {
            LimitScope::Pair => self.pair.clone(),
            LimitScope::Identifier => self.identifier.clone(),
            LimitScope::Address | LimitScope::Code => self.address.clone(),
        }
    }
}

fn rate_limit(counter: &str, scope_key: &str, limit: CodeLimit) -> RateLimit {
    let key = format!("auth:otp:{counter}:{}:{scope_key}", limit.window_secs);
    RateLimit { key, max: limit.max, window: Duration::from_secs(limit.window_secs) }
}

fn wait_key(purpose: Purpose, scope_key: &str) -> String {
    format!("auth:otp:wait:{purpose}:{scope_key}")
}

fn sent_count_key(purpose: Purpose, scope_key: &str) -> String {
    format!("auth:otp:sent:{purpose}:{scope_key}")
}
