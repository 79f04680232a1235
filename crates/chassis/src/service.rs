//! Declaration of a service, from which [`crate::boot`] starts it.

use auth_token::{SharedKeys, Verifier};
use db::records::RecordSource;
use db::rewrite::RewritableColumn;
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use graph::Part;
use http_api::routes::Routes;
use long_tasks::{LongTasks, TaskKind};
use messaging::handler::EventHandler;
use runtime::ctx::Ctx;
use runtime::jobs::Job;
use std::sync::Arc;

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    #[error(transparent)]
    Config(#[from] runtime::config::ConfigError),
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// The release has not migrated the database, or not granted the rights, that this version needs.
    #[error("the database is not prepared for this version: {missing} missing")]
    NotPrepared {
        /// Migrations or rights.
        missing: String,
    },
    #[error("{0}")]
    Failed(String),
}

/// What a service is built with, beside its context.
#[derive(Clone)]
pub struct Framework {
    /// Verification of access tokens, for services that do more with tokens than guard routes.
    pub verifier: Arc<Verifier>,
    /// The public keys that auth shares with the other services of this process.
    pub shared_keys: SharedKeys,
    pub tasks: LongTasks,
}

/// A service that is not started.
pub struct Service {
    /// Also the name of its crate, its database and its queue: `wallet`.
    pub name: &'static str,
    /// Applied after [`crate::MIGRATIONS`].
    pub migrations: EmbeddedMigrations,
    /// Records that other services store too, for `ev reconcile`.
    pub records: &'static [RecordSource],
    /// Columns that are sealed with the PII keys, each labelled with the purpose, for `ev pii re-encrypt`.
    pub sealed: &'static [RewritableColumn],
    /// The kinds of its long tasks.
    pub tasks: &'static [TaskKind],
    /// Reads the service's configuration and builds its parts.
    pub build: fn(Ctx, Framework) -> BoxFuture<'static, Result<ServiceParts, BootError>>,
}

/// The parts of a configured service.
pub struct ServiceParts {
    pub routes: Routes,
    /// Handles the events of the service's queue; `None` for a service without a queue.
    pub consumer: Option<Arc<dyn EventHandler>>,
    pub jobs: Vec<Job>,
    /// Its part of the read graph.
    pub graph: Option<Part>,
}
