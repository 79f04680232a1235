//! Integration tests of the reports service through events and HTTP.

#![expect(clippy::unwrap_used, reason = "a failing test panics, in its helpers too; that is how it fails")]

mod breakdowns;
mod charts;
mod events;
mod figures;
mod filters;
mod on_services;
mod order;
mod rollups;
mod search;
mod search_restarts;
mod sheets;
