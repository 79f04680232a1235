//! What a member should hear of: payments, earnings, payouts, KYC and documents, as in-app notifications.
//!
//! Owns notifications and what a member has muted. Files: [`domain`] (which fact becomes which words),
//! `store`, `app`, `http`, `consumers`, `bell` (wakes open streams).
//!
//! Invariants: a fact is told once however often its event arrives; a member sees only their own; no personal
//! number ever stands in a text; a stream shows what is committed, and nothing once its session has ended.

mod app;
mod bell;
mod consumers;
pub mod domain;
mod http;
mod schema;
mod store;

use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use std::sync::Arc;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Notification {
    ctx: Ctx,
    bell: Arc<bell::Bell>,
}

pub fn service() -> Service {
    Service {
        name: "notification",
        migrations: MIGRATIONS,
        build: |ctx| Box::pin(std::future::ready(Ok::<_, BootError>(parts(ctx)))),
    }
}

fn parts(ctx: Ctx) -> Parts {
    let state = Notification { ctx, bell: Arc::default() };
    Parts { routes: http::routes(state.clone()), consumer: Some(Arc::new(state)), jobs: Vec::new() }
}
