//! The binary service: positions in the binary referral tree, pairs and their pay, and the compensation plan.
//!
//! Reading order: [`domain`] (the tree as a pure function of its journal), [`app`] (the writer, its batches, and the
//! reader that follows the journal), [`store`], [`http`], [`consumers`], [`jobs`].
//!
//! Invariants: a position never changes; the journal is the source of truth, and leg counts are never stored; one
//! writer at a time appends to the journal, fenced by its head; readers see committed state only; each payment and each
//! refund takes effect exactly once; an earner's pair numbers have no gaps, and the decision about a pair is stored
//! with it and never made again.

pub mod app;
pub mod config;
pub mod consumers;
pub mod domain;
pub mod error;
pub mod http;
pub mod jobs;
mod records;
pub mod schema;
pub mod state;
pub mod store;
pub mod tasks;

use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use config::Config;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use long_tasks::LongTasks;
use runtime::Ctx;
use state::BinaryState;
use std::sync::Arc;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Description of the service, from which the platform starts it.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "binary",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: &[],
        tasks: tasks::KINDS,
        build: |ctx, framework| Box::pin(build(ctx, framework.tasks)),
    }
}

async fn build(ctx: Ctx, tasks: LongTasks) -> Result<ServiceParts, BootError> {
    let config = Config::read(ctx.env())?;
    let state =
        BinaryState { ctx, config, tree_store: Arc::default(), event_table: Arc::new(consumers::table()), tasks };
    // Replays the journal at start-up, so that the first request does not wait for it.
    let mut c = state.ctx.db().read().await?;
    drop(state.tree_store.read(&mut c).await.map_err(|e| BootError::Failed(e.to_string()))?);
    drop(c);
    let jobs = jobs::all(&state);
    let consumer = consumers::TreeWriter::new(state.clone());
    let graph = Some(http::graph::part(state.clone()));
    Ok(ServiceParts { routes: http::routes(state), consumer: Some(Arc::new(consumer)), jobs, graph })
}
