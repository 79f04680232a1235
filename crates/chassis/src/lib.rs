//! Start-up of services: from the declaration of a service to a running process.
//!
//! Reading order: [`service`] (declaration of a service), [`boot`] (start-up), [`boot::server`] (HTTP server, health,
//! shutdown), [`audit`] (records of changes by staff). What a service is made of is in the crates below: `runtime`,
//! `http-api`, `messaging`, `auth-token`.
//!
//! Invariants: a service starts only if it handles exactly the event types that it subscribes to; revoked sessions are
//! handled in every service; a shutdown finishes requests and event batches, or they take effect after the next start.

pub mod audit;
pub mod boot;
pub mod service;

pub use boot::program::run;
pub use service::{Service, ServiceParts};

/// Migrations of the tables that every service has: outbox, inbox, parked and waiting events, idempotency keys, leases,
/// revoked sessions, public keys, long tasks.
pub const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");
