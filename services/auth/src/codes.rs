//! Store of one-time codes in the cache: keyed hashes with an expiry, and the counters of their rate limits.
//!
//! A correct code is claimed before the database transaction. It is deleted after the commit, or released when the
//! transaction fails. Nothing here runs inside a transaction.

mod cache_keys;

use crate::domain::address::ClientAddress;
use crate::domain::code_limits::{CodeLimits, RequestOrigin};
use crate::domain::identifier::Identifier;
use crate::domain::otp::{CodeId, Purpose};
use crate::error::AuthError;
use crate::secrets::{Secrets, constant_time_eq, new_code, new_token};
use cache_keys::CacheKeys;
use domain::Timestamp;
use runtime::cache::{Acquired, Cache, CacheDown, RateLimit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Longest time from the claim of a code to the commit that uses it. A claim that is not released expires after it.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for which sent codes count towards the wait for the next one.
const SENT_COUNT_TTL: Duration = Duration::from_secs(3600);

/// A client that requests or submits a code: its address, and the identifier and purpose of the code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeRequest<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) identifier: &'a Identifier,
    pub(crate) address: ClientAddress,
    /// Whether the identifier signed in from this address within `known_address_days`.
    pub(crate) is_known_address: bool,
}

/// A code that was generated and stored, and is not sent yet.
pub(crate) struct IssuedCode {
    pub(crate) id: CodeId,
    pub(crate) code: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) resend_after_secs: u32,
}

/// A code that a client submits. Without an id it is compared with the newest code requested from the same address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeAttempt<'a> {
    pub(crate) request: CodeRequest<'a>,
    pub(crate) id: Option<CodeId>,
    pub(crate) code: &'a str,
}

/// Correct codes, claimed so that no other request can use them at the same time.
pub(crate) struct VerifiedCodes {
    codes: Vec<VerifiedCode>,
    claim_token: String,
}

struct VerifiedCode {
    id: CodeId,
    stored: StoredCode,
    /// Keys for the address of this attempt. Its resend wait is reset on use, as the address is known from then on.
    keys: CacheKeys,
}

impl VerifiedCodes {
    /// The first of the codes, recorded with the session that it opens.
    pub(crate) fn code_id(&self) -> Option<CodeId> {
        self.codes.first().map(|verified| verified.id)
    }
}

/// A code as stored in the cache.
#[derive(Serialize, Deserialize)]
struct StoredCode {
    purpose: Purpose,
    identifier: String,
    hash: Vec<u8>,
    issued_at: Timestamp,
    /// Cache key of the wait for the next code.
    #[serde(rename = "wait")]
    wait_key: String,
    /// Cache key of the count of sent codes.
    #[serde(rename = "sent")]
    sent_count_key: String,
    /// Cache key of the list of usable codes.
    #[serde(rename = "live")]
    live_codes_key: String,
}

/// One-time codes and their rate limits. Clones share the cache.
#[derive(Clone)]
pub(crate) struct CodeStore {
    cache: Arc<dyn Cache>,
    secrets: Arc<Secrets>,
    limits: Arc<CodeLimits>,
}

impl CodeStore {
    pub(crate) fn new(cache: Arc<dyn Cache>, secrets: Arc<Secrets>, limits: CodeLimits) -> Self {
        Self { cache, secrets, limits: Arc::new(limits) }
    }
    pub(crate) fn limits(&self) -> &CodeLimits {
        &self.limits
    }

    /// Generates and stores a code for each request, or none when one request has reached a limit.
    ///
    /// Errors with `CodeTooSoon` while the wait for the next code lasts, and with `CodeLimit` when an hourly or daily
    /// limit is reached.
    pub(crate) async fn issue(
        &self,
        requests: &[(CodeId, CodeRequest<'_>)],
        now: Timestamp,
    ) -> Result<Vec<IssuedCode>, AuthError> {
        let mut limits = Vec::new();
        let mut wait_indexes = Vec::new();
        let mut sent_before = Vec::new();
        for (_, request) in requests {
            let keys = self.cache_keys(request);
            let before = self.cache.count(&keys.sent_count).await?;
            wait_indexes.push(limits.len());
            limits.push(RateLimit {
                key: keys.wait.clone(),
                max: 1,
                window: secs(self.limits.resend_after_secs(before)),
            });
            let send_limits = self.limits.send_limits(origin(request));
            limits.extend(send_limits.into_iter().map(|limit| keys.send_rate_limit(limit)));
            sent_before.push(before);
        }
        if let Acquired::Refused { index, retry_after } = self.cache.acquire(&limits).await? {
            return Err(if wait_indexes.contains(&index) {
                AuthError::CodeTooSoon { retry_after }
            } else {
                AuthError::CodeLimit { retry_after }
            });
        }
        let mut issued = Vec::new();
        for ((id, request), before) in requests.iter().zip(sent_before) {
            match self.store(*id, request, before, now).await {
                Ok(code) => issued.push(code),
                Err(error) => {
                    self.discard_unsent(requests).await;
                    return Err(error.into());
                }
            }
        }
        Ok(issued)
    }

    async fn store(
        &self,
        id: CodeId,
        request: &CodeRequest<'_>,
        sent_before: u64,
        now: Timestamp,
    ) -> Result<IssuedCode, CacheDown> {
        let (keys, code, ttl) = (self.cache_keys(request), new_code(), secs(self.limits.ttl_secs));
        let stored = StoredCode {
            purpose: request.purpose,
            identifier: keys.identifier.clone(),
            hash: self.secrets.code_hash(request.purpose, request.identifier, &code).to_vec(),
            issued_at: now,
            wait_key: keys.wait,
            sent_count_key: keys.sent_count,
            live_codes_key: keys.live_codes,
        };
        let json = serde_json::to_vec(&stored).map_err(|error| CacheDown(error.to_string()))?;
        self.cache.set(&cache_keys::code(id), &json, ttl).await?;
        for dropped in self.cache.append(&stored.live_codes_key, id.as_bytes(), self.limits.live_codes, ttl).await? {
            if let Ok(dropped) = CodeId::try_from(dropped.as_slice()) {
                self.cache.delete(&cache_keys::code(dropped)).await?;
            }
        }
        self.cache.increment(&stored.sent_count_key, SENT_COUNT_TTL).await?;
        let expires_at = now.plus_secs(self.limits.ttl_secs.into());
        let resend_after_secs = self.limits.resend_after_secs(sent_before);
        Ok(IssuedCode { id, code, expires_at, resend_after_secs })
    }

    /// Deletes codes that will not be sent, and undoes their counts against the limits.
    pub(crate) async fn discard_unsent(&self, requests: &[(CodeId, CodeRequest<'_>)]) {
        for (id, request) in requests {
            let keys = self.cache_keys(request);
            let send_limits = self.limits.send_limits(origin(request));
            let mut limits: Vec<RateLimit> = send_limits.into_iter().map(|limit| keys.send_rate_limit(limit)).collect();
            for key in [&keys.wait, &keys.sent_count] {
                limits.push(RateLimit { key: key.clone(), max: 1, window: secs(0) });
            }
            let discarded = async {
                self.cache.delete(&cache_keys::code(*id)).await?;
                self.cache.release(&limits).await
            };
            log_failure("discard unsent code", discarded.await);
        }
    }

    /// Verifies every code, and claims all of them when all are correct; `None` when one is wrong or already claimed.
    ///
    /// A wrong code counts against the limits of attempts, a correct one does not.
    pub(crate) async fn verify(&self, attempts: &[CodeAttempt<'_>]) -> Result<Option<VerifiedCodes>, CacheDown> {
        let mut correct = Vec::new();
        for attempt in attempts {
            correct.extend(self.verify_one(attempt).await?);
        }
        if correct.len() != attempts.len() {
            return Ok(None);
        }
        let mut verified = VerifiedCodes { codes: Vec::new(), claim_token: new_token() };
        for code in correct {
            let key = cache_keys::claim(code.id);
            let claimed = self.cache.set_if_absent(&key, verified.claim_token.as_bytes(), CLAIM_TIMEOUT).await?;
            let id = code.id;
            if claimed {
                verified.codes.push(code);
            }
            // A request with an earlier claim may have used the code since it was compared.
            if !claimed || self.cache.get(&cache_keys::code(id)).await?.is_none() {
                self.release(verified).await;
                return Ok(None);
            }
        }
        Ok(Some(verified))
    }

    async fn verify_one(&self, attempt: &CodeAttempt<'_>) -> Result<Option<VerifiedCode>, CacheDown> {
        let keys = self.cache_keys(&attempt.request);
        let id = match attempt.id {
            Some(id) => Some(id),
            None => self.cache.list(&keys.live_codes).await?.last().and_then(|id| CodeId::try_from(id.as_slice()).ok()),
        };
        let Some(id) = id else { return Ok(None) };
        let json = self.cache.get(&cache_keys::code(id)).await?;
        let stored = json.and_then(|json| serde_json::from_slice::<StoredCode>(&json).ok());
        let belongs = |s: &StoredCode| s.identifier == keys.identifier && s.purpose == attempt.request.purpose;
        let Some(stored) = stored.filter(belongs) else { return Ok(None) };
        let attempt_limits = self.limits.attempt_limits(origin(&attempt.request));
        let limits: Vec<RateLimit> =
            attempt_limits.into_iter().map(|limit| keys.attempt_rate_limit(id, limit)).collect();
        // Counts before it compares: of many attempts at once, no more than the limit are compared.
        if self.cache.acquire(&limits).await? != Acquired::Granted {
            return Ok(None);
        }
        let request = &attempt.request;
        if !constant_time_eq(
            &stored.hash,
            &self.secrets.code_hash(request.purpose, request.identifier, attempt.code.trim()),
        ) {
            return Ok(None);
        }
        self.cache.release(&limits).await?;
        Ok(Some(VerifiedCode { id, stored, keys }))
    }

    /// Releases the claims of a request that was refused or failed: the codes can be submitted again.
    pub(crate) async fn release(&self, verified: VerifiedCodes) {
        for code in &verified.codes {
            let released = self.cache.delete_if(&cache_keys::claim(code.id), verified.claim_token.as_bytes()).await;
            log_failure("release code claim", released.map(drop));
        }
    }

    /// Deletes codes that opened a session, with the other codes of the same request address, and resets the wait for
    /// the next code to the shortest.
    pub(crate) async fn consume(&self, verified: VerifiedCodes, now: Timestamp) {
        for code in &verified.codes {
            log_failure("delete used code", self.delete_used(code, now).await);
        }
        self.release(verified).await;
    }

    async fn delete_used(&self, used: &VerifiedCode, now: Timestamp) -> Result<(), CacheDown> {
        let stored = &used.stored;
        self.cache.delete(&cache_keys::code(used.id)).await?;
        for other in self.cache.list(&stored.live_codes_key).await? {
            if let Ok(other) = CodeId::try_from(other.as_slice()) {
                self.cache.delete(&cache_keys::code(other)).await?;
            }
        }
        self.cache.delete(&stored.live_codes_key).await?;
        let shortest_wait_secs = self.limits.resend_after_secs(0);
        let remaining = stored.issued_at.plus_secs(shortest_wait_secs.into()).since(now).to_std().unwrap_or_default();
        for (wait_key, sent_count_key) in [
            (&stored.wait_key, &stored.sent_count_key),
            (&used.keys.known_address_wait, &used.keys.known_address_sent_count),
        ] {
            self.cache.delete(sent_count_key).await?;
            if remaining.is_zero() {
                self.cache.delete(wait_key).await?;
            } else {
                self.cache.set(wait_key, b"1", remaining).await?;
            }
        }
        Ok(())
    }

    fn cache_keys(&self, request: &CodeRequest<'_>) -> CacheKeys {
        CacheKeys::new(&self.secrets, request)
    }
}

fn origin(request: &CodeRequest<'_>) -> RequestOrigin {
    RequestOrigin { is_known: request.is_known_address, is_loopback: request.address.is_loopback() }
}

fn secs(secs: u32) -> Duration {
    Duration::from_secs(secs.into())
}

/// Logs a failed cleanup. The entry that it leaves in the cache expires.
fn log_failure(operation: &'static str, result: Result<(), CacheDown>) {
    if let Err(error) = result {
        tracing::warn!(%error, operation, "one-time code cache update failed");
    }
}
