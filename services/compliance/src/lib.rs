//! Compliance records: members' documents, tax deducted at source (TDS), and the audit log of staff actions,
//! and members' grievances.
//!
//! Reading order: [`domain`] (rules), `schema` and [`store`], [`app`] (operations), `http` (routes),
//! `consumers`, `jobs`, [`verification`], [`config`], [`error`].
//!
//! Invariants: TDS records and audit entries are append-only, and a returned payout adds a reversal; an event is
//! recorded once; members see only their own records and documents; a document's type is detected from its bytes; a
//! document is reviewed once and never by its owner; a PAN is stored sealed, shown masked, and unsealed only for the
//! quarterly statement.

pub mod app;
pub mod config;
mod consumers;
pub mod domain;
pub mod error;
mod http;
mod jobs;
mod records;
mod schema;
mod sealed_columns;
pub mod store;
pub mod verification;

use blob_store::Blobs;
use blob_store::picture::PictureDecoders;
use blob_store::scan::Scanner;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use config::Config;
use config::deductor::DeductorSettings;
use config::officer::OfficerSettings;
use issued_documents::DocumentSettings;
use pii::Sealer;
use runtime::Ctx;
use std::sync::Arc;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// Application state of the compliance service, used by all HTTP handlers.
#[derive(Clone)]
pub struct ComplianceState {
    ctx: Ctx,
    blobs: Arc<dyn Blobs>,
    scanner: Arc<dyn Scanner>,
    sealer: Arc<Sealer>,
    /// How documents name the company, and the keys of their codes.
    documents: Arc<DocumentSettings>,
    deductor: Arc<DeductorSettings>,
    officer: Option<Arc<OfficerSettings>>,
    decoders: Arc<PictureDecoders>,
}

/// The compliance service for [`chassis::run`] or for a process with several services.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "compliance",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: sealed_columns::COLUMNS,
        tasks: &[],
        build: |ctx, _| Box::pin(std::future::ready(build(ctx))),
    }
}

fn build(ctx: Ctx) -> Result<ServiceParts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let blobs = blob_store::from_config(&config.blobs, &ctx).map_err(|e| BootError::Failed(e.to_string()))?;
    let scanner = blob_store::scan::from_config(config.scan.as_ref(), &ctx);
    let documents = Arc::new(DocumentSettings::from_env(ctx.env())?);
    let Config { sealer, deductor, officer, .. } = config;
    let state = ComplianceState {
        ctx,
        blobs,
        scanner,
        sealer: Arc::new(sealer),
        documents,
        deductor: Arc::new(deductor),
        officer: officer.map(Arc::new),
        decoders: Arc::default(),
    };
    let jobs = jobs::all(Arc::clone(&state.blobs));
    Ok(ServiceParts {
        graph: Some(http::graph::part(state.clone())),
        routes: http::routes(state),
        consumer: Some(Arc::new(consumers::consumer())),
        jobs,
    })
}
