//! Reporting: a dashboard for staff, one for each member, reports by period, by generation and by age, and the search
//! of people, bookings, payments and payouts.
//!
//! Owns read models only; no decision depends on them. Reading order: [`domain`] (facts, rollups, periods, reports,
//! search words), `schema`, [`store`], [`app`], `search` (the index of this instance), [`search_rebuild`], `consumers`,
//! `http`, `jobs`.
//!
//! Invariants: figures come from events only; versioned facts keep the highest version and other facts are stored once
//! by key, so events may arrive twice and in any order; a day is the Indian day of the event's own time; sums are exact
//! and updated in the transaction that stores their facts; of what a user typed only city, name and addresses are
//! stored, and an erasure overwrites them; what is found is decided by the facts, an index only proposes it.

pub mod app;
mod consumers;
pub mod domain;
mod http;
mod jobs;
mod records;
mod schema;
mod search;
pub mod search_rebuild;
pub mod store;

use app::rebuild;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use messaging::HandleError;
use runtime::Ctx;
use search::Search;
use std::sync::Arc;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// State of the application, shared by all handlers.
#[derive(Clone)]
pub struct ReportsState {
    ctx: Ctx,
    search: Arc<Search>,
}

/// The reports service for [`chassis::run`] or for a process with several services.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "reports",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: &[],
        tasks: &[],
        build: |ctx, _| Box::pin(build(ctx)),
    }
}

/// Rebuilds outdated rollups and missing documents of the search, then assembles the service.
async fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let rebuilt = ctx.tx(async |c| Ok::<_, HandleError>(rebuild::rebuild_if_outdated(c).await?)).await;
    rebuilt.map_err(|e| BootError::Failed(e.to_string()))?;
    search_rebuild::rebuild_if_missing(ctx.db(), ctx.now()).await?;
    let search = Search::open(ctx.env())?;
    let jobs = jobs::all(&search);
    let state = ReportsState { ctx, search };
    Ok(ServiceParts {
        graph: Some(http::graph::part(state.clone())),
        routes: http::routes(state),
        consumer: Some(Arc::new(consumers::consumer())),
        jobs,
    })
}
