//! What tests need and nothing else does: one service with a fake clock, a fresh database and an in-process
//! bus ([`service`]), a client that speaks only HTTP ([`client`]), a database of its own on MariaDB ([`mariadb`]),
//! the same rows as plain SQL to measure against ([`raw`]), and the statements that were executed ([`statements`]).
//!
//! A test delivers events and calls routes; background work is awaited, never slept for. When a
//! [`TestService`] is dropped it has been checked that no event was parked.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failing test panics; that is how it fails")]

pub mod client;
pub mod mariadb;
pub mod raw;
pub mod service;
pub mod statements;

pub use client::{Client, Reply};
pub use service::TestService;
pub use statements::Statements;
