//! The service as others meet it: events in, events out, HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test panics, in its helpers too; that is how it fails"
)]

mod fences;
mod journal;
mod on_services;
mod people;
mod placements;
mod plans;
mod preferences;
mod simulations;
mod totals;
mod traced;
mod trees;
mod verified;
mod walks;
