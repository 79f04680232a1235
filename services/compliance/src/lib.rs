//! What the law and an auditor ask for: tax deducted at source, by member and financial year, and the log of
//! what staff did.
//!
//! Owns TDS records and the audit log. Files: `store`, `http`, `consumers`.
//!
//! Invariants: records are only ever added (a returned payout adds its mirror); a fact is recorded once; a
//! member sees their own records alone; a PAN is stored sealed and shown masked.

mod consumers;
mod http;
mod schema;
mod store;

use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use std::sync::Arc;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Compliance {
    ctx: Ctx,
}

pub fn service() -> Service {
    Service {
        name: "compliance",
        migrations: MIGRATIONS,
        build: |ctx| Box::pin(std::future::ready(Ok::<_, BootError>(parts(ctx)))),
    }
}

fn parts(ctx: Ctx) -> Parts {
    let state = Compliance { ctx };
    Parts { routes: http::routes(state.clone()), consumer: Some(Arc::new(state)), jobs: Vec::new() }
}
