//! The binary tree: who stands where, which members make a pair and what it pays, and the compensation plan.
//!
//! Read in this order: [`domain`] (the tree as a pure function of its journal), [`app`] (the one writer, its
//! batches, and how a process follows the journal), [`store`], [`http`], [`consumers`], [`jobs`].
//!
//! Invariants: a position is given once and never changes; the journal is the truth, and counts are never
//! stored; at any time one writer adds to the journal, fenced by its head; memory shows only what is
//! committed; each payment and each refund takes effect once, for ever; a pair's number is gap-free for an
//! earner's life, and its decision is stored with it and made by nobody again.

pub mod app;
pub mod config;
pub mod consumers;
pub mod domain;
pub mod error;
pub mod http;
pub mod jobs;
pub mod schema;
pub mod state;
pub mod store;

use chassis::http::OneAtATime;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use config::Config;
use consumers::Listener;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use state::Binary;
use std::sync::Arc;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

pub fn service() -> Service {
    Service { name: "binary", migrations: MIGRATIONS, build: |ctx| Box::pin(build(ctx)) }
}

async fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let config = Config::read(ctx.env())?;
    let app = Binary { ctx, config, keeper: Arc::default(), replays: OneAtATime::new("binary.replay_running") };
    // So that the first request does not wait for the whole journal.
    let mut c = app.ctx.db().read().await?;
    drop(app.keeper.read(&mut c).await.map_err(|e| BootError::Failed(e.to_string()))?);
    drop(c);
    let jobs = jobs::all(&app);
    Ok(Parts { routes: http::routes(app.clone()), consumer: Some(Arc::new(Listener::new(app))), jobs })
}
