//! Payout service: moves a payout from the member's request, through the wallet's hold and staff approval, to the bank.
//! Owns payouts, bank accounts, batches, tax rules and the yearly total paid to each PAN.
//!
//! Read in this order: [`domain`] (the decisions), `schema` and [`store`], [`app`] (the use cases), [`bank`]
//! (transfers by a bank's API), [`bank_templates`] (formats of bank files), [`http`] (the route table), `consumers`,
//! `jobs`, [`config`], [`error`].
//!
//! Invariants:
//! - One function, [`domain::payout::decide_transition`], decides every command in every state.
//! - `requested = tds + emi + net`. The parts are fixed once, at approval, under the lock of the PAN's accumulator.
//! - A payout that fails or is reversed is subtracted from the accumulator once.
//! - Requests of one member and changes of their accounts run one at a time.
//! - The member who requested a payout never approves it.
//! - A payout has one transfer at most, with one key: it is recorded before the bank's API is asked, and one whose outcome
//!   is not known is asked about, never made under another key.
//! - A payout stores its own copy of the bank account. Account numbers are decrypted only for the bank file and the bank's
//!   API.

pub mod app;
pub mod bank;
pub mod bank_templates;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
pub mod http;
mod jobs;
mod records;
mod schema;
mod sealed_columns;
pub mod store;

use ::domain::AccountNumber;
use bank::Bank;
use bank_templates::Templates;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use issued_documents::DocumentSettings;
use pii::Sealer;
use runtime::Ctx;
use std::sync::Arc;

/// Application state of the payout service, used by all HTTP handlers and jobs.
#[derive(Clone)]
pub struct PayoutState {
    pub ctx: Ctx,
    /// Encrypts and indexes PANs and account numbers.
    pub sealer: Arc<Sealer>,
    /// How documents name the company, and the keys of their codes.
    pub documents: Arc<DocumentSettings>,
    /// Hours between adding an account and the earliest time its owner can verify it with a fresh one-time code.
    pub account_wait_hours: i64,
    /// The bank's API, if one is configured.
    pub bank: Bank,
    /// Templates of files for banks without an API.
    pub templates: Arc<Templates>,
    /// The company's account, for files that name it.
    pub debit_account: Option<AccountNumber>,
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
        sealed: sealed_columns::COLUMNS,
        tasks: &[],
        build: |ctx, _| Box::pin(build(ctx)),
    }
}

async fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let config = config::Config::from_env(ctx.env())?;
    let rules = &config.first_rules;
    let seeded = ctx.tx(async |c| app::add_tax_rule::seed_tax_rules(c, rules).await);
    seeded.await.map_err(|e| BootError::Failed(e.to_string()))?;
    let bank = Bank::from_config(&config, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
    let documents = Arc::new(DocumentSettings::from_env(ctx.env())?);
    let state = PayoutState {
        ctx,
        documents,
        sealer: Arc::new(config.sealer),
        account_wait_hours: config.account_wait_hours,
        bank,
        templates: Arc::new(config.templates),
        debit_account: config.debit_account,
    };
    let jobs = jobs::all(&state, config.expiry_days);
    let graph = Some(http::graph::part(state.clone()));
    Ok(ServiceParts { routes: http::routes(state), consumer: Some(Arc::new(consumers::consumer())), jobs, graph })
}
