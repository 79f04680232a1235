//! What a service is handed at boot. Cheap to clone.

use crate::auth::Verifier;
use crate::auth::jwks::SharedKeys;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Env;
use crate::mail::Mailer;
use db::{Db, DbConnection, DbError, TxError};
use domain::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Clone)]
pub struct Ctx(Arc<Parts>);

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
    /// Rung after every commit that may have left events in the outbox.
    pub outbox_bell: Arc<Notify>,
}

impl Ctx {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
    pub fn service(&self) -> &'static str {
        self.0.service
    }
    pub fn env(&self) -> &Env {
        &self.0.env
    }
    pub fn db(&self) -> &Db {
        &self.0.db
    }
    pub fn cache(&self) -> &Arc<dyn Cache> {
        &self.0.cache
    }
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
    pub fn mailer(&self) -> &Arc<dyn Mailer> {
        &self.0.mailer
    }
    pub fn verifier(&self) -> &Arc<Verifier> {
        &self.0.verifier
    }
    /// Where auth puts its public keys for the other services of this process.
    pub fn shared_keys(&self) -> &SharedKeys {
        &self.0.shared_keys
    }
    /// Wakes the relay. [`Ctx::tx`] does it for you.
    pub fn ring_outbox(&self) {
        self.0.outbox_bell.notify_one();
    }
    pub(crate) fn outbox_bell(&self) -> &Arc<Notify> {
        &self.0.outbox_bell
    }

    /// Runs `f` in one transaction, again after a deadlock; then wakes the outbox relay.
    ///
    /// Everything in `f` must be repeatable: no network, no file, no message but through the outbox.
    pub async fn tx<R, E, F>(&self, f: F) -> Result<R, E>
    where
        for<'r> F: AsyncFn(&'r mut DbConnection) -> Result<R, E>
            + db::TxFn<&'r mut DbConnection, Result<R, E>, Fut: Send>
            + Send
            + Sync,
        E: From<DbError> + TxError + Send,
        R: Send,
    {
        let done = self.0.db.tx(f).await?;
        self.ring_outbox();
        Ok(done)
    }
}
