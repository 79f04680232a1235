//! Foundation of a running service: its context, and the clock, ids, settings, cache, mail and telemetry that the
//! context or any other code needs. It knows neither requests nor events.
//!
//! Reading order: [`ctx`] (dependencies of a service), [`config`] (settings), [`clock`] and [`id`], [`cache`],
//! [`read_cache`] (copies of what reads answer),
//! [`http_client`] and [`breaker`] (outbound calls), [`mail`], [`lease`], [`jobs`] and `progress` (background work),
//! [`projection`] (waiting for events), [`backoff`], [`telemetry`], [`build_info`], [`tls`], [`mod@error_chain`],
//! [`hash_chain`] (seals over stored entries).
//!
//! Invariants: the system clock, random ids and environment variables are read only here; a job runs in one instance
//! of a service at a time; every outbound call has a timeout.

pub mod backoff;
pub mod breaker;
pub mod build_info;
pub mod cache;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod error_chain;
pub mod hash_chain;
pub mod http_client;
pub mod id;
pub mod jobs;
pub mod lease;
pub mod mail;
mod progress;
pub mod projection;
pub mod read_cache;
mod schema;
pub mod telemetry;
pub mod tls;

pub use config::{ConfigError, Env};
pub use ctx::Ctx;
pub use progress::Progress;
