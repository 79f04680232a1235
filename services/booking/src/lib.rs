//! Booking: vehicles, bookings, the money received for them and given back, EMI, and the business calendar.
//!
//! Read in this order: `domain` (every decision, as a function), `app::account` and `app::folder` (one member
//! and one booking while they are worked on), the other verbs of `app`, `gateway` (who takes money online),
//! `http` (the route table), `consumers`, `jobs`.
//!
//! Invariants: the price is the catalogue's, frozen when booked; a booking's total is the sum of its completed
//! payment rows, written with them; what is paid and pending never exceeds the price; a gateway's payment takes
//! effect once, and one that cannot pay for a booking goes to the payer's wallet; a booking has one open online
//! order at most; a payment has one refund at most; of a reserve no more is applied and released than was
//! reserved; no gateway is called inside a transaction.

pub mod app;
pub mod config;
pub mod consumers;
pub mod domain;
pub mod error;
pub mod gateway;
pub mod http;
pub mod jobs;
pub mod schema;
pub mod store;

use chassis::pii::Sealer;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use config::Config;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use gateway::Gateways;
use std::sync::Arc;

/// What every handler and job of this service shares.
#[derive(Clone)]
pub struct Booking {
    pub ctx: Ctx,
    pub config: Config,
    pub gateways: Gateways,
    /// Seals the bodies of gateways' messages.
    pub sealer: Arc<Sealer>,
    /// Messages that come at the same time.
    pub webhook_queue: Arc<http::WebhookQueue>,
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

pub fn service() -> Service {
    Service { name: "booking", migrations: MIGRATIONS, build: |ctx| Box::pin(std::future::ready(build(ctx))) }
}

fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let embedded = ctx.db().kind() == db::BackendKind::Sqlite;
    let config = Config::read(ctx.env(), embedded)?;
    let gateways = Gateways::configured(&config, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
    let sealer = Arc::new(Sealer::from_env(ctx.env())?);
    let state = Booking { ctx, config, gateways, sealer, webhook_queue: Arc::default() };
    Ok(Parts {
        routes: http::routes(state.clone()),
        consumer: Some(Arc::new(consumers::BookingConsumer)),
        jobs: jobs::all(&state),
    })
}
