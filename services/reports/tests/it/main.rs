//! The reports service through its events and its HTTP alone.

#![expect(clippy::unwrap_used, reason = "a failing test panics, in its helpers too; that is how it fails")]

mod figures;
mod on_services;
mod order;
mod platform;
mod rollups;
mod sheets;
