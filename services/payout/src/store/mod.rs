//! Rows in and out, and nothing decided.

pub mod accounts;
pub mod batches;
pub mod bookings;
pub mod members;
pub mod payouts;
pub mod plans;
pub mod taxes;
