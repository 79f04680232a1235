//! Wallet service: a double-entry ledger of the earnings, payments and payouts of members.
//!
//! Read in this order: [`domain`] (entries and all decisions), `store` (the tables), `app` (commands into entries, a
//! batch at a time), `consumers` (events into commands), `http` (the API for members and staff), `jobs` (the hash
//! chain, closings, the rollup), `verification` (a verification of the whole ledger).
//!
//! Invariants:
//! - The postings of an entry add up to zero; an unbalanced entry cannot be built.
//! - The id of an entry is derived from its cause, so a replay finds the entry posted and changes nothing.
//! - Entries, postings, seals, closings and forfeits are only added; the database refuses updates and deletes.
//! - No balance of a member is below zero. The part of a reversal that the balance does not cover is a clawback due.
//! - Every balance and total of a wallet is the sum of its postings. Company accounts have no running balance.
//! - Amounts that another service has decided are posted as sent, not decided again.

pub mod app;
mod consumers;
pub mod domain;
pub mod error;
mod http;
mod jobs;
mod records;
mod schema;
pub mod store;
pub mod verification;

use chassis::service::{BootError, Service, ServiceParts};
use issued_documents::DocumentSettings;
use long_tasks::LongTasks;
use runtime::Ctx;
use std::sync::Arc;

/// The state shared by the HTTP handlers.
#[derive(Clone)]
pub struct WalletState {
    ctx: Ctx,
    tasks: LongTasks,
    /// How documents name the company, and the keys of their codes.
    documents: Arc<DocumentSettings>,
}

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The declaration of the service for the chassis.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "wallet",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: &[],
        tasks: &[verification::LEDGER_VERIFICATION],
        build: |ctx, framework| Box::pin(std::future::ready(build(ctx, framework.tasks))),
    }
}

fn build(ctx: Ctx, tasks: LongTasks) -> Result<ServiceParts, BootError> {
    let consumer = consumers::LedgerWriter::new(ctx.clone());
    let documents = Arc::new(DocumentSettings::from_env(ctx.env())?);
    let state = WalletState { ctx, tasks, documents };
    let graph = Some(http::graph::part(state.clone()));
    Ok(ServiceParts { routes: http::routes(state), consumer: Some(Arc::new(consumer)), jobs: jobs::all(), graph })
}
