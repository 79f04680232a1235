//! The wallet service: a double-entry ledger of what members earned, spent and are owed.
//!
//! Read in this order: [`domain`] (what an entry is and every decision), `store` (the tables), `app` (a batch of
//! commands becomes entries), `consumers` (events become commands), `http` (what members and staff see), `jobs` (the
//! hash chain, closings).
//!
//! Invariants:
//! - An entry's postings add up to zero; one that does not cannot be built.
//! - An entry's id is derived from its cause, so a replay finds it posted and changes nothing.
//! - Entries, postings, seals, closings and forfeits are only ever added; the database refuses anything else.
//! - No balance of a member is below zero. What could not be taken back is a clawback due.
//! - Every figure kept of a wallet is the fold of its postings. Company accounts are never counted up, only summed.
//! - Amounts decided elsewhere are taken as they are; nobody decides twice.

pub mod app;
mod consumers;
pub mod domain;
pub mod error;
mod http;
mod jobs;
mod schema;
pub mod store;
pub mod verification;

use chassis::Ctx;
use chassis::http::OneAtATime;
use chassis::service::{BootError, Parts, Service};
use std::sync::Arc;

/// What handlers and the consumer share.
#[derive(Clone)]
pub struct Wallet {
    ctx: Ctx,
    verifications: OneAtATime,
}

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as it is declared to the chassis.
pub fn service() -> Service {
    Service { name: "wallet", migrations: MIGRATIONS, build: |ctx| Box::pin(std::future::ready(build(ctx))) }
}

fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let app = Wallet { ctx, verifications: OneAtATime::new("wallet.verifying") };
    Ok(Parts { routes: http::routes(app.clone()), consumer: Some(Arc::new(app)), jobs: jobs::all() })
}
