//! Database access of the payout service: rows in and out, no decisions.

pub mod accounts;
pub mod approvals;
pub mod bank_references;
pub mod batches;
pub mod bookings;
pub mod members;
pub mod payees;
pub mod payout_steps;
pub mod payouts;
pub mod plans;
pub mod taxes;
pub mod transfers;
