//! Tests of the chassis through its public interface.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod auth;
mod boot;
mod cache;
mod download;
mod events;
mod http;
mod mail;
mod openapi;
mod pii;
mod telemetry;
mod temp_database;
