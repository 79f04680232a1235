//! Compliance records: members' documents, tax deducted at source (TDS), and the audit log of staff actions.
//!
//! Reading order: [`domain`] (rules), `schema` and [`store`], [`blobs`] (the bytes of documents), `picture` (picture
//! validation), [`app`] (operations), `http` (routes), `consumers`, [`config`], [`error`].
//!
//! Invariants: TDS records and audit entries are append-only, and a returned payout adds a reversal; an event is
//! recorded once; members see only their own records and documents; a document's type is detected from its bytes; a
//! document is reviewed once and never by its owner; a PAN is stored sealed, shown masked, and unsealed only for the
//! quarterly statement.

pub mod app;
pub mod blobs;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
mod http;
mod picture;
mod records;
mod schema;
pub mod store;

use blobs::Blobs;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use config::Config;
use issued_documents::DocumentSettings;
use pii::Sealer;
use runtime::Ctx;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Pictures decoded at the same time: bounds the memory of the decoders.
const MAX_CONCURRENT_DECODES: usize = 1;
const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// Application state of the compliance service, used by all HTTP handlers.
pub struct ComplianceState {
    ctx: Ctx,
    blobs: Arc<dyn Blobs>,
    sealer: Sealer,
    /// How documents name the company, and the keys of their codes.
    documents: DocumentSettings,
    /// Permits to decode a picture.
    decoders: Semaphore,
}

/// The compliance service for [`chassis::run`] or for a process with several services.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "compliance",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        tasks: &[],
        build: |ctx, _| Box::pin(std::future::ready(build(ctx))),
    }
}

fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let blobs = blobs::from_config(&config.blobs, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
    let decoders = Semaphore::new(MAX_CONCURRENT_DECODES);
    let documents = DocumentSettings::from_env(ctx.env())?;
    let state = ComplianceState { ctx, blobs, sealer: config.sealer, documents, decoders };
    Ok(ServiceParts { routes: http::routes(state), consumer: Some(Arc::new(consumers::consumer())), jobs: Vec::new() })
}
