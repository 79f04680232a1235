//! Declaration of a service, from which [`crate::boot`] starts it.

use crate::ctx::Ctx;
use crate::events::handler::EventHandler;
use crate::http::routes::Routes;
use crate::jobs::Job;
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Db(#[from] db::DbError),
    #[error("{0}")]
    Failed(String),
}

/// A service that is not started.
pub struct Service {
    /// Also the name of its crate, its database and its queue: `wallet`.
    pub name: &'static str,
    /// Applied after [`crate::MIGRATIONS`].
    pub migrations: EmbeddedMigrations,
    /// Reads the service's configuration and builds its parts.
    pub build: fn(Ctx) -> BoxFuture<'static, Result<ServiceParts, BootError>>,
}

/// The parts of a configured service.
pub struct ServiceParts {
    pub routes: Routes,
    /// Handles the events of the service's queue; `None` for a service without a queue.
    pub consumer: Option<Arc<dyn EventHandler>>,
    pub jobs: Vec<Job>,
}
