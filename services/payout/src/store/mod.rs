//! Database access of the payout service: rows in and out, no decisions.

pub mod accounts;
pub mod batches;
pub mod bookings;
pub mod members;
pub mod payouts;
pub mod plans;
pub mod taxes;
