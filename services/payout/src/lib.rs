//! Payout service: moves a payout from the member's request, through the wallet's hold and staff approval, to the bank.
//! Owns payouts, bank accounts, batches, tax rules and the yearly total paid to each PAN.
//!
//! Read in this order: [`domain`] (the decisions), `schema` and [`store`], [`app`] (the use cases), [`http`] (the
//! route table), `consumers`, `jobs`, [`config`], [`error`].
//!
//! Invariants:
//! - One function, [`domain::payout::decide_transition`], decides every command in every state.
//! - `requested = tds + emi + net`. The parts are fixed once, at approval, under the lock of the PAN's accumulator.
//! - A payout that fails or is reversed is subtracted from the accumulator once.
//! - Requests of one member and changes of their accounts run one at a time.
//! - The member who requested a payout never approves it.
//! - A payout stores its own copy of the bank account. Account numbers are decrypted only for the bank file.

pub mod app;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
pub mod http;
mod jobs;
mod records;
mod schema;
pub mod store;

use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use issued_documents::DocumentSettings;
use pii::Sealer;
use runtime::Ctx;
use std::sync::Arc;

/// Application state of the payout service, used by all HTTP handlers.
pub struct PayoutState {
    pub ctx: Ctx,
    /// Encrypts and indexes PANs and account numbers.
    pub sealer: Sealer,
    /// How documents name the company, and the keys of their codes.
    pub documents: DocumentSettings,
    /// Hours between adding an account and the earliest time its owner can verify it with a fresh one-time code.
    pub account_wait_hours: i64,
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The payout service, ready to run in its own process or next to the others.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "payout",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        tasks: &[],
        build: |ctx, _| Box::pin(build(ctx)),
    }
}

async fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let config = config::Config::from_env(ctx.env())?;
    let rules = &config.first_rules;
    let seeded = ctx.tx(async |c| app::add_tax_rule::seed_tax_rules(c, rules).await);
    seeded.await.map_err(|e| BootError::Failed(e.to_string()))?;
    let documents = DocumentSettings::from_env(ctx.env())?;
    let state = PayoutState { ctx, documents, sealer: config.sealer, account_wait_hours: config.account_wait_hours };
    Ok(ServiceParts {
        routes: http::routes(state),
        consumer: Some(Arc::new(consumers::consumer())),
        jobs: jobs::all(config.expiry_days),
    })
}
