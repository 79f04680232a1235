//! What a service gets from the chassis, seen from outside.
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
mod scratch;
mod telemetry;
