//! What a service is handed at boot. Cheap to clone.

use crate::auth::Verifier;
use crate::auth::jwks::SharedKeys;
use crate::breaker::{Breaker, Breakers};
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Env;
use crate::mail::{Guarded, Mailer};
use db::{Db, DbError, TxError};
use domain::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Clone)]
pub struct Ctx(Arc<Kept>);

struct Kept {
    parts: Parts,
    breakers: Arc<Breakers>,
    mailer: Arc<dyn Mailer>,
}

/// What a [`Ctx`] consists of. [`crate::boot`] puts it together; so does a test that wants only a part.
pub struct Parts {
    pub service: &'static str,
    pub env: Env,
    pub db: Db,
    pub cache: Arc<dyn Cache>,
    pub clock: Arc<dyn Clock>,
    pub mailer: Arc<dyn Mailer>,
    pub verifier: Arc<Verifier>,
    pub shared_keys: SharedKeys,
    /// Notified after every commit that leaves unsent events in the outbox.
    pub outbox_notify: Arc<Notify>,
}

impl Ctx {
    pub fn new(parts: Parts) -> Self {
        let breakers = Arc::new(Breakers::new(parts.service, Arc::clone(&parts.clock)));
        let mailer = Arc::new(Guarded::new(Arc::clone(&parts.mailer), Arc::clone(&breakers)));
        Self(Arc::new(Kept { parts, breakers, mailer }))
    }
    pub fn service(&self) -> &'static str {
        self.0.parts.service
    }
    pub fn env(&self) -> &Env {
        &self.0.parts.env
    }
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }
    pub fn cache(&self) -> &Arc<dyn Cache> {
        &self.0.parts.cache
    }
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }
    /// The platform's mailer, left alone while it does not answer.
    pub fn mailer(&self) -> &Arc<dyn Mailer> {
        &self.0.mailer
    }
    /// The breaker for calls to something outside.
    pub fn breaker(&self, name: &'static str) -> Arc<Breaker> {
        self.0.breakers.of(name)
    }
    pub(crate) fn breakers(&self) -> Vec<Arc<Breaker>> {
        self.0.breakers.all()
    }
    pub fn verifier(&self) -> &Arc<Verifier> {
        &self.0.parts.verifier
    }
    /// Where auth puts its public keys for the other services of this process.
    pub fn shared_keys(&self) -> &SharedKeys {
        &self.0.parts.shared_keys
    }
    /// Notified after every commit that leaves unsent events in the outbox.
    pub(crate) fn outbox_notify(&self) -> &Arc<Notify> {
        &self.0.parts.outbox_notify
    }

    /// Runs `f` in one transaction, again after a deadlock; then wakes the outbox relay if `f` put events there.
    ///
    /// Everything in `f` must be repeatable: no network, no file, no message but through the outbox.
    pub async fn tx<R, E, F>(&self, f: F) -> Result<R, E>
    where
        F: db::TxFn<R, E>,
        E: From<DbError> + TxError + Send,
        R: Send,
    {
        let committed = self.0.parts.db.tx_signalled(f).await?;
        if committed.signal {
            self.0.parts.outbox_notify.notify_one();
        }
        Ok(committed.value)
    }
}
