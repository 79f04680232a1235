//! What the law and an auditor ask for: members' documents, tax deducted at source by member and by PAN, and the
//! log of what staff did.
//!
//! Owns documents, TDS records and the audit log. Read in this order: [`domain`] (the decisions), `schema` and
//! [`store`], [`blobs`] (the bytes of documents), `picture` (what proves a picture), [`app`] (what is done), `http` (the route table), `consumers`,
//! [`config`], [`error`].
//!
//! Invariants: records are only ever added (a returned payout adds its mirror); a fact is recorded once; a member
//! sees their own records and documents alone; a document is what its bytes prove, is decided once, and never by
//! its owner; a PAN is stored sealed, shown masked, and opened for the quarterly statement alone.

pub mod app;
pub mod blobs;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
mod http;
mod picture;
mod schema;
pub mod store;

use blobs::Blobs;
use chassis::pii::Sealer;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use config::Config;
use std::sync::Arc;
use tokio::sync::Semaphore;

const PICTURES_AT_A_TIME: usize = 1;
const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Compliance {
    ctx: Ctx,
    blobs: Arc<dyn Blobs>,
    sealer: Arc<Sealer>,
    /// Pictures that are decoded at a time: each takes memory.
    decoders: Arc<Semaphore>,
}

pub fn service() -> Service {
    Service { name: "compliance", migrations: MIGRATIONS, build: |ctx| Box::pin(std::future::ready(parts(ctx))) }
}

fn parts(ctx: Ctx) -> Result<Parts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let blobs = blobs::configured(&config.blobs, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
    let decoders = Arc::new(Semaphore::new(PICTURES_AT_A_TIME));
    let state = Compliance { ctx, blobs, sealer: Arc::new(config.sealer), decoders };
    Ok(Parts { routes: http::routes(state.clone()), consumer: Some(Arc::new(state)), jobs: Vec::new() })
}
