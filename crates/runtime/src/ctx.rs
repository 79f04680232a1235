//! Context of a running service: its database, cache, clock, mailer and other dependencies.

use crate::breaker::{CircuitBreaker, CircuitBreakers};
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Env;
use crate::mail::{BreakerMailer, Mailer};
use crate::projection::AppliedEvents;
use db::{Db, DbError, TxError};
use domain::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;

/// The dependencies of a service. Clones share them.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    parts: CtxParts,
    breakers: Arc<CircuitBreakers>,
    mailer: Arc<dyn Mailer>,
    applied_events: AppliedEvents,
}

/// The parts of a [`Ctx`].
pub struct CtxParts {
    pub service: &'static str,
    pub env: Env,
    pub db: Db,
    pub cache: Arc<dyn Cache>,
    pub clock: Arc<dyn Clock>,
    pub mailer: Arc<dyn Mailer>,
    /// Notified after every commit that adds events to the outbox.
    pub outbox_notify: Arc<Notify>,
}

impl Ctx {
    /// Builds the context; its mailer is behind circuit breakers.
    pub fn new(parts: CtxParts) -> Self {
        let breakers = Arc::new(CircuitBreakers::new(parts.service, Arc::clone(&parts.clock)));
        let mailer = Arc::new(BreakerMailer::new(Arc::clone(&parts.mailer), Arc::clone(&breakers)));
        Self(Arc::new(Inner { parts, breakers, mailer, applied_events: AppliedEvents::default() }))
    }
    /// The name of the service.
    pub fn service(&self) -> &'static str {
        self.0.parts.service
    }
    /// The configuration.
    pub fn env(&self) -> &Env {
        &self.0.parts.env
    }
    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }
    /// The cache that all services share.
    pub fn cache(&self) -> &Arc<dyn Cache> {
        &self.0.parts.cache
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }
    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }
    /// The mailer, behind a circuit breaker for mail and one for each provider of SMS.
    pub fn mailer(&self) -> &Arc<dyn Mailer> {
        &self.0.mailer
    }
    /// The circuit breaker for calls to the system `name`.
    pub fn breaker(&self, name: &'static str) -> Arc<CircuitBreaker> {
        self.0.breakers.get(name)
    }
    /// The circuit breakers created so far.
    pub fn breakers(&self) -> Vec<Arc<CircuitBreaker>> {
        self.0.breakers.all()
    }
    /// Commits of the consumer, to wait for events that a request depends on.
    pub fn applied_events(&self) -> &AppliedEvents {
        &self.0.applied_events
    }
    /// Notified after every commit that adds events to the outbox.
    pub fn outbox_notify(&self) -> &Arc<Notify> {
        &self.0.parts.outbox_notify
    }

    /// Runs `f` in one transaction, again after a deadlock. Wakes the relay after the commit if `f` added events to
    /// the outbox.
    ///
    /// `f` must be repeatable: no network, no files, no messages except through the outbox.
    pub async fn tx<R, E, F>(&self, f: F) -> Result<R, E>
    where
        F: db::TxFn<R, E>,
        E: From<DbError> + TxError + Send,
        R: Send,
    {
        let committed = self.0.parts.db.tx_committed(f).await?;
        if committed.notify {
            self.0.parts.outbox_notify.notify_one();
        }
        Ok(committed.value)
    }
}
