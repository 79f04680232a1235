//! Payouts: from a member's request, through the wallet's hold and staff's approval, to the bank. Owns payouts,
//! bank accounts, batches, tax rules and what each PAN was paid in a year.
//!
//! Read in this order: [`domain`] (the decisions), `schema` and [`store`], [`app`] (what is done), [`http`] (the
//! route table), [`consumers`], `jobs`, [`config`], [`error`].
//!
//! Invariants: one function says what every command does in every state; a payout's parts add up to what was
//! asked for, and are fixed once, at its approval, under the lock of the PAN's accumulator; what a payout added
//! there is taken out again, once, when it comes to nothing; a member's requests are decided one after the other;
//! who asked never approves; a payout keeps its own copy of the account; account numbers are opened for the
//! bank's file and nowhere else.

pub mod app;
pub mod config;
pub mod consumers;
pub mod domain;
pub mod error;
pub mod http;
mod jobs;
mod schema;
pub mod store;

use app::terms::PlanCache;
use chassis::pii::Sealer;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::sync::Arc;

/// What handlers are given.
pub struct Payouts {
    pub ctx: Ctx,
    pub sealer: Sealer,
    /// How long an account is on its owner's list before a fresh one-time code verifies it.
    pub account_wait_hours: i64,
    pub plans: PlanCache,
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

pub fn service() -> Service {
    Service { name: "payout", migrations: MIGRATIONS, build: |ctx| Box::pin(build(ctx)) }
}

async fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let config = config::Config::from_env(ctx.env())?;
    let rules = &config.first_rules;
    let begin = ctx.tx(async |c| app::add_tax_rule::begin_with(c, rules).await);
    begin.await.map_err(|e| BootError::Failed(e.to_string()))?;
    let state = Payouts {
        ctx,
        sealer: config.sealer,
        account_wait_hours: config.account_wait_hours,
        plans: PlanCache::default(),
    };
    Ok(Parts {
        routes: http::routes(state),
        consumer: Some(Arc::new(consumers::Listener)),
        jobs: jobs::all(config.expiry_days),
    })
}
