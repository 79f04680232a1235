//! Booking service: vehicles, bookings, payments, refunds, EMI, and the business calendar.
//!
//! Reading order: `domain` (every decision, as a pure function; `domain::aggregate` changes a booking and its buyer),
//! `app::buyer_session` (load, apply, save, publish), the other modules of `app` (one use case each), `gateway`
//! (payment gateways), `http` (the route table), `consumers`, `jobs`.
//!
//! Invariants:
//! - A booking's price is the catalogue's price at booking time; its paid total is the sum of its completed payments.
//! - The paid and pending payments of a booking never exceed its price.
//! - A gateway's payment takes effect once; one that cannot pay for a booking is returned to the payer's wallet.
//! - A booking has at most one open online order, a payment at most one refund.
//! - The applied and released parts of an EMI reserve never exceed it.
//! - No gateway is called inside a transaction.

pub mod app;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
pub mod gateway;
pub mod http;
pub mod jobs;
mod records;
pub mod schema;
mod sealed_columns;
pub mod store;

use blob_store::Blobs;
use blob_store::picture::PictureDecoders;
use blob_store::scan::Scanner;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use config::Config;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use gateway::Gateways;
use issued_documents::DocumentSettings;
use pii::Sealer;
use runtime::Ctx;
use runtime::read_cache::ReadCache;
use std::sync::Arc;

/// Application state, shared by all handlers and jobs.
#[derive(Clone)]
pub struct BookingState {
    pub ctx: Ctx,
    pub config: Config,
    pub gateways: Gateways,
    /// Bytes of vehicles' pictures.
    pub blobs: Arc<dyn Blobs>,
    /// Scans pictures for viruses.
    pub scanner: Arc<dyn Scanner>,
    pub decoders: Arc<PictureDecoders>,
    /// How documents name the company, and the keys of their codes.
    pub documents: Arc<DocumentSettings>,
    /// Encrypts the bodies of stored webhook events.
    pub sealer: Arc<Sealer>,
    /// Capture events that wait to be processed in a batch.
    pub webhook_queue: Arc<http::WebhookQueue>,
    /// Answers of the catalogue, shared by all replicas.
    pub reads: ReadCache,
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The service's name, migrations and constructor.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "booking",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: sealed_columns::COLUMNS,
        tasks: &[],
        build: |ctx, _| Box::pin(std::future::ready(build(ctx))),
    }
}

impl BookingState {
    /// Reads the settings. Errors with the variable that is invalid or missing.
    pub fn try_new(ctx: Ctx) -> Result<Self, BootError> {
        let embedded = ctx.db().kind() == db::BackendKind::Sqlite;
        let config = Config::read(ctx.env(), embedded)?;
        let gateways = Gateways::from_config(&config, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
        let sealer = Arc::new(Sealer::from_env(ctx.env())?);
        let blobs = blob_store::from_config(&config.blobs, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
        let scanner = blob_store::scan::from_config(config.scan.as_ref(), &ctx);
        let documents = Arc::new(DocumentSettings::from_env(ctx.env())?);
        let (decoders, webhook_queue) = (Arc::default(), Arc::default());
        let reads = ReadCache::start(&ctx)?;
        Ok(Self { ctx, config, gateways, blobs, scanner, decoders, documents, sealer, webhook_queue, reads })
    }
}

fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let state = BookingState::try_new(ctx)?;
    Ok(ServiceParts {
        graph: Some(http::graph::part(state.clone())),
        routes: http::routes(state.clone()),
        consumer: Some(Arc::new(consumers::consumer())),
        jobs: jobs::all(&state),
    })
}
