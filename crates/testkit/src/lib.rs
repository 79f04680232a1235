//! Test support: one service with a fake clock, a fresh database and an in-process bus ([`service`]), the clock
//! ([`clock`]), a context without a server ([`mod@context`]), a bus that reorders events ([`fault_injection`]), a cache
//! and a mailer that fail ([`outages`]), a double of the virus scanner ([`clamd`]), an HTTP client ([`client`]), a database file ([`temp_database`]), a separate
//! database on MariaDB ([`mariadb`]), plain SQL with the same rows as a baseline for benchmarks ([`sql_baseline`]), a
//! recorder of executed statements ([`statements`]), and the comparison of a table of events with its subscription
//! ([`subscriptions`]).
//!
//! A test delivers events and calls routes; it awaits background work and never sleeps. [`TestService::finish`] checks
//! that no event was parked.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failing test panics")]

pub mod clamd;
pub mod client;
pub mod clock;
pub mod context;
pub mod fault_injection;
pub mod mariadb;
pub mod outages;
pub mod service;
pub mod sql_baseline;
pub mod statements;
pub mod subscriptions;
pub mod temp_database;

pub use client::{Client, Reply};
pub use clock::FakeClock;
pub use context::context;
pub use service::TestService;
pub use statements::Statements;
pub use temp_database::TempDatabase;
