//! How a service boots, is configured, serves HTTP, authenticates, publishes, consumes and logs. No
//! business noun lives here.
//!
//! Read in this order: [`service`] (what a service declares), [`boot`] (how it is started, alone or with the
//! others), [`ctx`] (what it is handed), [`http`] (route table, problems, bodies, pages, idempotency),
//! [`auth`] (access tokens and revocation), [`events`] (outbox, relay, consumer, transports), [`jobs`], [`lease`],
//! [`cache`], [`breaker`] (calls to the outside), [`mail`], [`pii`], [`audit`], [`telemetry`].
//!
//! Invariants: a write and its events commit together or not at all; an event takes effect once in a
//! service's database however often it arrives; no request is answered before its transaction is committed;
//! nothing waits on the network inside a transaction; wall clock, fresh ids and environment variables are
//! read here and nowhere else.

pub mod audit;
pub mod auth;
pub mod boot;
pub mod breaker;
pub mod cache;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod events;
pub mod http;
pub mod id;
pub mod jobs;
pub mod lease;
pub mod mail;
pub mod pii;
pub mod schema;
pub mod service;
pub mod telemetry;

pub use boot::run;
pub use config::{ConfigError, Env};
pub use ctx::Ctx;
pub use service::{Parts, Service};

/// The tables every service's schema has: outbox, inbox, parked and waiting events, idempotency keys,
/// leases, revoked sessions, cached public keys.
pub const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");
