//! The keys of codes and counters in the cache. Identifiers and addresses are in them as keyed hashes only.

use super::Request;
use crate::domain::budget::{Budget, CountedBy};
use crate::domain::otp::{CodeId, Purpose};
use crate::secrets::Secrets;
use chassis::cache::Limit;
use std::time::Duration;

/// A code, as it was stored.
pub(super) fn code(id: CodeId) -> String {
    format!("auth:otp:code:{id}")
}

/// Who has claimed a code.
pub(super) fn claim(id: CodeId) -> String {
    format!("auth:otp:claim:{id}")
}

/// The keys of one identifier at one address.
pub(super) struct Keys {
    /// The identifier itself, hashed.
    pub(super) identifier: String,
    address: String,
    pair: String,
    /// Is there as long as no other code may be asked for.
    pub(super) wait: String,
    /// How many codes were sent since the last sign-in.
    pub(super) sent: String,
    /// The codes that were asked for from this address.
    pub(super) live: String,
    /// What `wait` and `sent` are once the address is known.
    pub(super) known_wait: String,
    pub(super) known_sent: String,
}

impl Keys {
    pub(super) fn new(secrets: &Secrets, request: &Request<'_>) -> Self {
        let (who, at) = (request.identifier.as_str(), request.address.to_string());
        let identifier = secrets.cache_tag(&["identifier", who]);
        let pair = secrets.cache_tag(&["pair", who, &at]);
        let purpose = request.purpose;
        // All addresses that are not known wait for one another, so that they cannot send many messages at once; a known
        // one waits only for itself, so that nobody elsewhere can make it wait.
        let shared = if request.known { &pair } else { &identifier };
        Self {
            wait: wait_key(purpose, shared),
            sent: sent_key(purpose, shared),
            live: format!("auth:otp:live:{purpose}:{pair}"),
            known_wait: wait_key(purpose, &pair),
            known_sent: sent_key(purpose, &pair),
            address: secrets.cache_tag(&["address", &at]),
            identifier,
            pair,
        }
    }

    /// The counter of codes that a budget limits. All purposes share it.
    pub(super) fn code_limit(&self, budget: Budget) -> Limit {
        self.limit("codes", &self.counted_by(budget.by), budget)
    }

    /// The counter of wrong tries that a budget limits.
    pub(super) fn try_limit(&self, id: CodeId, budget: Budget) -> Limit {
        let counted_by = match budget.by {
            CountedBy::Code => format!("{id}:{}", self.address),
            CountedBy::Pair | CountedBy::Identifier | CountedBy::Address => self.counted_by(budget.by),
        };
        self.limit("tries", &counted_by, budget)
    }

    fn counted_by(&self, by: CountedBy) -> String {
        match by {
            CountedBy::Pair => self.pair.clone(),
            CountedBy::Identifier => self.identifier.clone(),
            CountedBy::Address | CountedBy::Code => self.address.clone(),
        }
    }

    fn limit(&self, what: &str, counted_by: &str, budget: Budget) -> Limit {
        let key = format!("auth:otp:{what}:{}:{counted_by}", budget.window_secs);
        Limit { key, max: budget.max, window: Duration::from_secs(budget.window_secs) }
    }
}

fn wait_key(purpose: Purpose, shared: &str) -> String {
    format!("auth:otp:wait:{purpose}:{shared}")
}

fn sent_key(purpose: Purpose, shared: &str) -> String {
    format!("auth:otp:sent:{purpose}:{shared}")
}
