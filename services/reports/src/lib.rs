//! Figures about the platform: a dashboard for staff, one for each member, and reports by day, week or month.
//!
//! Owns read models only; nobody's decision rests on them. Files: [`domain`] (what a figure means, periods, how
//! figures become a report), `schema`, `store`, `app`, `consumers`, `http`, `jobs`.
//!
//! Invariants: figures come from events alone; what is told in versions keeps the highest and what happened is
//! kept once by its key, so events may come twice and in any order; a day is the Indian day of the event's own
//! time; sums are exact, kept by day in the transaction of the facts they are of; no name, address or personal number is stored.

pub mod app;
mod consumers;
pub mod domain;
mod http;
mod jobs;
mod schema;
pub mod store;

use app::rebuild;
use chassis::events::HandleError;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use std::sync::Arc;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Reports {
    ctx: Ctx,
}

pub fn service() -> Service {
    Service { name: "reports", migrations: MIGRATIONS, build: |ctx| Box::pin(build(ctx)) }
}

async fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let built = ctx.tx(async |c| Ok::<_, HandleError>(rebuild::rebuild_once(c).await?)).await;
    built.map_err(|e| BootError::Failed(e.to_string()))?;
    let state = Reports { ctx };
    Ok(Parts { routes: http::routes(state.clone()), consumer: Some(Arc::new(state)), jobs: jobs::all() })
}
