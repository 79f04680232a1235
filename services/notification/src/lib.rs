//! What a member should hear of: payments, earnings, payouts, KYC and documents, as in-app notifications.
//!
//! Owns notifications and what a member has muted. Files: [`domain`] (which fact becomes which words),
//! `store`, `app`, `http`, `consumers`, `streams` (the registry of open streams), `signal` (the port that wakes them),
//! `config`.
//!
//! Invariants: a fact is told once however often its event arrives; a member sees only their own; no personal
//! number ever stands in a text; a stream shows what is committed, and nothing once its session has ended; a member has
//! five open streams at most.

mod app;
mod config;
mod consumers;
pub mod domain;
mod http;
mod schema;
mod signal;
mod store;
mod streams;

use ::domain::UserId;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use config::Config;
use signal::{LocalSignal, NotificationSignal};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use streams::OpenStreams;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Notification {
    ctx: Ctx,
    streams: Arc<OpenStreams>,
    signal: Arc<dyn NotificationSignal>,
    /// Members whose new notifications are not known to be committed.
    unannounced: Arc<Mutex<BTreeSet<UserId>>>,
}

impl Notification {
    /// A transaction that fails leaves a needless signal behind, no more.
    fn announce_later(&self, members: BTreeSet<UserId>) {
        self.unannounced.lock().unwrap_or_else(PoisonError::into_inner).extend(members);
    }

    async fn announce(&self) {
        let members = std::mem::take(&mut *self.unannounced.lock().unwrap_or_else(PoisonError::into_inner));
        self.signal.announce(&members).await;
    }
}

pub fn service() -> Service {
    Service { name: "notification", migrations: MIGRATIONS, build: |ctx| Box::pin(std::future::ready(parts(ctx))) }
}

fn parts(ctx: Ctx) -> Result<Parts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let streams = Arc::new(OpenStreams::new(config.max_streams));
    let signal = Arc::new(LocalSignal(Arc::clone(&streams)));
    let state = Notification { ctx, streams, signal, unannounced: Arc::default() };
    Ok(Parts { routes: http::routes(state.clone()), consumer: Some(Arc::new(state)), jobs: Vec::new() })
}
