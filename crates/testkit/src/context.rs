//! Context of a service without a server: the system clock, and a cache in memory.

use db::Db;
use runtime::Env;
use runtime::cache::MemoryCache;
use runtime::clock::SystemClock;
use runtime::ctx::{Ctx, CtxParts};
use runtime::mail::UnconfiguredMailer;
use std::sync::Arc;
use tokio::sync::Notify;

/// A context of `service` on `db`. Several contexts on one database are several instances of the service.
pub fn context(service: &'static str, db: Db) -> Ctx {
    Ctx::new(CtxParts {
        service,
        env: Env::default(),
        db,
        cache: Arc::new(MemoryCache::new()),
        clock: Arc::new(SystemClock),
        mailer: Arc::new(UnconfiguredMailer),
        outbox_notify: Arc::new(Notify::new()),
    })
}
