//! Test support: one service with a fake clock, a fresh database and an in-process bus ([`service`]), an HTTP client
//! ([`client`]), a separate database on MariaDB ([`mariadb`]), plain SQL with the same rows as a baseline for
//! benchmarks ([`sql_baseline`]), and a recorder of executed statements ([`statements`]).
//!
//! A test delivers events and calls routes; it awaits background work and never sleeps. [`TestService::finish`] checks
//! that no event was parked.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failing test panics")]

pub mod client;
pub mod mariadb;
pub mod service;
pub mod sql_baseline;
pub mod statements;

pub use client::{Client, Reply};
pub use service::TestService;
pub use statements::Statements;
