//! What a service declares about itself; [`crate::boot`] does the rest.

use crate::ctx::Ctx;
use crate::events::consumer::Consumer;
use crate::http::routes::Routes;
use crate::jobs::Job;
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum BootError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Db(#[from] db::DbError),
    #[error("{0}")]
    Failed(String),
}

/// A service before it is started.
pub struct Service {
    /// As in its crate, its schema, its queue and the contract: `wallet`.
    pub name: &'static str,
    pub migrations: EmbeddedMigrations,
    /// Reads the service's configuration and makes its parts.
    pub build: fn(Ctx) -> BoxFuture<'static, Result<Parts, BootError>>,
}

/// What a service consists of once it is configured.
pub struct Parts {
    pub routes: Routes,
    /// Handles what arrives on the service's queue.
    pub consumer: Option<Arc<dyn Consumer>>,
    pub jobs: Vec<Job>,
}
