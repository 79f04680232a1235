//! Tests of the wallet service over events and HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod earnings;
mod entry_kinds;
mod explanations;
mod fixture;
mod graph;
mod integrity;
mod journal;
mod listings;
mod manual_entries;
mod model;
mod on_services;
mod payouts;
mod query_plans;
mod reversals;
mod rollups;
mod seals;
mod series;
mod statements;
mod verifications;
