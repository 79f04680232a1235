//! Figures about the platform: dashboards and reports over what the other services told.

use chassis::http::Routes;
use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// The service as handlers and consumers see it.
#[derive(Clone)]
pub struct Reports {
    ctx: Ctx,
}

pub fn service() -> Service {
    Service {
        name: "reports",
        migrations: MIGRATIONS,
        build: |ctx| Box::pin(std::future::ready(Ok::<_, BootError>(parts(ctx)))),
    }
}

fn parts(ctx: Ctx) -> Parts {
    let state = Reports { ctx };
    Parts { routes: Routes::new("reports").data(state), consumer: None, jobs: Vec::new() }
}
