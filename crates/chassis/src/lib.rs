//! Service framework: boot, configuration, HTTP, authentication, events, jobs, telemetry. It has no business logic.
//!
//! Reading order: [`service`] (declaration of a service), [`boot`] (start-up), [`ctx`] (dependencies), [`http`] (route
//! table, problems, bodies, pages, idempotency), [`auth`] (access tokens, revocation), [`events`] (outbox, relay,
//! consumer, transports), [`jobs`], [`lease`], [`cache`], [`breaker`] (outbound calls), `backoff`, [`mail`], [`pii`],
//! [`audit`], [`projection`] (waiting for events), [`telemetry`], [`mod@error_chain`].
//!
//! Invariants: a change and its events commit together or not at all; an event takes effect once in a service's
//! database, even if it is delivered several times; a response is sent after the commit of its transaction; no
//! transaction waits for the network; the system clock, random ids and environment variables are read only here.

pub mod audit;
pub mod auth;
mod backoff;
pub mod boot;
pub mod breaker;
pub mod cache;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod error_chain;
pub mod events;
pub mod http;
pub mod id;
pub mod jobs;
pub mod lease;
pub mod mail;
pub mod pii;
pub mod projection;
pub mod schema;
pub mod service;
pub mod telemetry;

pub use boot::run;
pub use config::{ConfigError, Env};
pub use ctx::Ctx;
pub use service::{Service, ServiceParts};

/// Migrations of the chassis tables: outbox, inbox, parked and waiting events, idempotency keys, leases, revoked
/// sessions, public keys.
pub const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");
