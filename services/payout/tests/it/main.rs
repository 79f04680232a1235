//! Tests of the payout service over HTTP and events.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics; that is how it fails")]

mod bank;
mod bank_reports;
mod bank_templates;
mod decisions;
mod fixture;
mod lines;
mod on_services;
mod previews;
mod razorpayx;
mod razorpayx_double;
mod requests;
mod staff_lists;
mod step_up;
mod taxes;
mod unknown_outcomes;
