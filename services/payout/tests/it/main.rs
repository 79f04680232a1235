//! The service over HTTP and events: who may ask, what staff decide, what the bank does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics; that is how it fails")]

mod asking;
mod bank;
mod deciding;
mod fixture;
mod on_services;
mod taxes;
