//! One-time codes in the cache: sent ones as keyed hashes that expire by themselves, and the counters of their limits.
//!
//! A code that is right is claimed before the database is asked, and deleted after the commit, or released when there is
//! none. Nothing here runs inside a transaction.

mod keys;

use crate::domain::address::ClientAddress;
use crate::domain::budget::{CodeLimits, Origin};
use crate::domain::identifier::Identifier;
use crate::domain::otp::{CodeId, Purpose};
use crate::error::AuthError;
use crate::secrets::{Secrets, new_code, new_token, same};
use chassis::cache::{Acquired, Cache, CacheDown, Limit};
use domain::Timestamp;
use keys::Keys;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Longest time from a claim to the commit that uses the code up. A claim that nobody released ends by itself.
const CLAIM: Duration = Duration::from_secs(30);
/// How long requests for codes make the wait for the next one longer.
const RESEND_MEMORY: Duration = Duration::from_secs(3600);

/// Who asks, for which identifier and purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) identifier: &'a Identifier,
    pub(crate) address: ClientAddress,
    /// Whether the identifier signed in from the address a while ago.
    pub(crate) known: bool,
}

/// A code that was made and is not sent yet.
pub(crate) struct Issued {
    pub(crate) id: CodeId,
    pub(crate) code: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) resend_after_secs: u64,
}

/// A code that somebody brings. Without an id it is tried as the newest that was asked for from the address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) id: Option<CodeId>,
    pub(crate) code: &'a str,
}

/// Right codes, claimed: no one else can use them meanwhile.
pub(crate) struct Proof {
    codes: Vec<Proved>,
    claim: String,
}

struct Proved {
    id: CodeId,
    stored: Stored,
    /// Whose wait for another code begins anew: the address of this try, which is known from now on.
    keys: Keys,
}

impl Proof {
    /// The first of the codes, by which the session that it opens is recorded.
    pub(crate) fn code_id(&self) -> Option<CodeId> {
        self.codes.first().map(|proved| proved.id)
    }
}

/// A code as the cache has it.
#[derive(Serialize, Deserialize)]
struct Stored {
    purpose: Purpose,
    identifier: String,
    hash: Vec<u8>,
    issued_at: Timestamp,
    /// The keys of the wait and of the list that the request belonged to.
    wait: String,
    sent: String,
    live: String,
}

#[derive(Clone)]
pub(crate) struct Codes {
    cache: Arc<dyn Cache>,
    secrets: Arc<Secrets>,
    limits: Arc<CodeLimits>,
}

impl Codes {
    pub(crate) fn new(cache: Arc<dyn Cache>, secrets: Arc<Secrets>, limits: CodeLimits) -> Self {
        Self { cache, secrets, limits: Arc::new(limits) }
    }
    pub(crate) fn limits(&self) -> &CodeLimits {
        &self.limits
    }

    /// Makes a code for each request, or for none where a limit of one of them is reached.
    pub(crate) async fn issue(
        &self,
        requests: &[(CodeId, Request<'_>)],
        now: Timestamp,
    ) -> Result<Vec<Issued>, AuthError> {
        let mut limits = Vec::new();
        let mut waits = Vec::new();
        let mut sent_before = Vec::new();
        for (_, request) in requests {
            let keys = self.keys(request);
            let before = self.cache.count(&keys.sent).await?;
            waits.push(limits.len());
            limits.push(Limit { key: keys.wait.clone(), max: 1, window: secs(self.limits.resend_after(before)) });
            let budgets = self.limits.code_budgets(origin(request));
            limits.extend(budgets.into_iter().map(|budget| keys.code_limit(budget)));
            sent_before.push(before);
        }
        if let Acquired::Refused { index, retry_after } = self.cache.acquire(&limits).await? {
            return Err(if waits.contains(&index) {
                AuthError::CodeTooSoon { retry_after }
            } else {
                AuthError::CodeLimit { retry_after }
            });
        }
        let mut issued = Vec::new();
        for ((id, request), before) in requests.iter().zip(sent_before) {
            match self.store(*id, request, before, now).await {
                Ok(code) => issued.push(code),
                Err(down) => {
                    self.withdraw(requests).await;
                    return Err(down.into());
                }
            }
        }
        Ok(issued)
    }

    async fn store(
        &self,
        id: CodeId,
        request: &Request<'_>,
        sent_before: u64,
        now: Timestamp,
    ) -> Result<Issued, CacheDown> {
        let (keys, code, ttl) = (self.keys(request), new_code(), secs(self.limits.ttl_secs));
        let stored = Stored {
            purpose: request.purpose,
            identifier: keys.identifier.clone(),
            hash: self.secrets.code_hash(request.purpose, request.identifier, &code).to_vec(),
            issued_at: now,
            wait: keys.wait,
            sent: keys.sent,
            live: keys.live,
        };
        let text = serde_json::to_vec(&stored).map_err(|error| CacheDown(error.to_string()))?;
        self.cache.set(&keys::code(id), &text, ttl).await?;
        for old in self.cache.append(&stored.live, id.as_bytes(), self.limits.live_codes, ttl).await? {
            if let Ok(old) = CodeId::try_from(old.as_slice()) {
                self.cache.delete(&keys::code(old)).await?;
            }
        }
        self.cache.increment(&stored.sent, RESEND_MEMORY).await?;
        let lifetime = i64::try_from(self.limits.ttl_secs).unwrap_or(i64::MAX);
        let resend_after_secs = self.limits.resend_after(sent_before);
        Ok(Issued { id, code, expires_at: now.plus_secs(lifetime), resend_after_secs })
    }

    /// Takes back codes that will not be sent: they count against no limit.
    pub(crate) async fn withdraw(&self, requests: &[(CodeId, Request<'_>)]) {
        for (id, request) in requests {
            let keys = self.keys(request);
            let budgets = self.limits.code_budgets(origin(request));
            let mut limits: Vec<Limit> = budgets.into_iter().map(|budget| keys.code_limit(budget)).collect();
            for key in [&keys.wait, &keys.sent] {
                limits.push(Limit { key: key.clone(), max: 1, window: secs(0) });
            }
            let withdrawn = async {
                self.cache.delete(&keys::code(*id)).await?;
                self.cache.give_back(&limits).await
            };
            logged("a code that was not sent still counts", withdrawn.await);
        }
    }

    /// Whether every code is right; then all of them are claimed. A wrong one is counted; a right one is not.
    pub(crate) async fn prove(&self, tries: &[Try<'_>]) -> Result<Option<Proof>, CacheDown> {
        let mut right = Vec::new();
        for attempt in tries {
            right.extend(self.judge(attempt).await?);
        }
        if right.len() != tries.len() {
            return Ok(None);
        }
        let mut proof = Proof { codes: Vec::new(), claim: new_token() };
        for proved in right {
            let key = keys::claim(proved.id);
            let claimed = self.cache.set_if_absent(&key, proof.claim.as_bytes(), CLAIM).await?;
            let id = proved.id;
            if claimed {
                proof.codes.push(proved);
            }
            // Whoever had it claimed before may have used it up since it was judged.
            if !claimed || self.cache.get(&keys::code(id)).await?.is_none() {
                self.release(proof).await;
                return Ok(None);
            }
        }
        Ok(Some(proof))
    }

    async fn judge(&self, attempt: &Try<'_>) -> Result<Option<Proved>, CacheDown> {
        let keys = self.keys(&attempt.request);
        let id = match attempt.id {
            Some(id) => Some(id),
            None => self.cache.list(&keys.live).await?.last().and_then(|id| CodeId::try_from(id.as_slice()).ok()),
        };
        let Some(id) = id else { return Ok(None) };
        let stored = self.cache.get(&keys::code(id)).await?;
        let stored = stored.and_then(|text| serde_json::from_slice::<Stored>(&text).ok());
        let belongs = |s: &Stored| s.identifier == keys.identifier && s.purpose == attempt.request.purpose;
        let Some(stored) = stored.filter(belongs) else { return Ok(None) };
        let budgets = self.limits.try_budgets(origin(&attempt.request));
        let limits: Vec<Limit> = budgets.into_iter().map(|budget| keys.try_limit(id, budget)).collect();
        // Counted before it is compared: of many tries at once, only so many are compared at all.
        if self.cache.acquire(&limits).await? != Acquired::Granted {
            return Ok(None);
        }
        let request = &attempt.request;
        if !same(&stored.hash, &self.secrets.code_hash(request.purpose, request.identifier, attempt.code.trim())) {
            return Ok(None);
        }
        self.cache.give_back(&limits).await?;
        Ok(Some(Proved { id, stored, keys }))
    }

    /// The request was refused or failed: the codes can be brought again.
    pub(crate) async fn release(&self, proof: Proof) {
        for proved in &proof.codes {
            let released = self.cache.delete_if(&keys::claim(proved.id), proof.claim.as_bytes()).await;
            logged("a claim to a code ends by itself", released.map(drop));
        }
    }

    /// The codes opened a session: neither they nor others that were asked for beside them work any more, and the wait
    /// for the next one is the shortest again.
    pub(crate) async fn use_up(&self, proof: Proof, now: Timestamp) {
        for proved in &proof.codes {
            logged("a used code expires by itself", self.forget(proved, now).await);
        }
        self.release(proof).await;
    }

    async fn forget(&self, proved: &Proved, now: Timestamp) -> Result<(), CacheDown> {
        let stored = &proved.stored;
        self.cache.delete(&keys::code(proved.id)).await?;
        for other in self.cache.list(&stored.live).await? {
            if let Ok(other) = CodeId::try_from(other.as_slice()) {
                self.cache.delete(&keys::code(other)).await?;
            }
        }
        self.cache.delete(&stored.live).await?;
        let first = i64::try_from(self.limits.resend_after(0)).unwrap_or(0);
        let left = stored.issued_at.plus_secs(first).since(now).to_std().unwrap_or_default();
        for (wait, sent) in [(&stored.wait, &stored.sent), (&proved.keys.known_wait, &proved.keys.known_sent)] {
            self.cache.delete(sent).await?;
            if left.is_zero() {
                self.cache.delete(wait).await?;
            } else {
                self.cache.set(wait, b"1", left).await?;
            }
        }
        Ok(())
    }

    fn keys(&self, request: &Request<'_>) -> Keys {
        Keys::new(&self.secrets, request)
    }
}

fn origin(request: &Request<'_>) -> Origin {
    Origin { known: request.known, loopback: request.address.is_loopback() }
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn logged(what: &'static str, outcome: Result<(), CacheDown>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, what, "the cache of codes is not up to date");
    }
}
