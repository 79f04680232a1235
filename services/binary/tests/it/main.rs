//! Integration tests of the binary service: incoming events, outgoing events, HTTP.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics, in its helpers too")]

mod fixture;
mod journal;
mod names;
mod nodes;
mod on_services;
mod pair_filters;
mod placements;
mod plan_reads;
mod plans;
mod preferences;
mod search;
mod shapes;
mod simulations;
mod snapshots;
mod totals;
mod trace_context;
mod tree_paging;
mod trees;
mod verification;
mod withdrawals;
mod writers;
