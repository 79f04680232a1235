//! What booking does: one verb a file. These are the only writers, and they run in their caller's transaction.
//!
//! A member's row is locked first, then their booking: everything that touches one member happens in one
//! order, and two bookings of one member are never locked in opposite orders.

pub mod account;
pub mod book;
pub mod cancel;
pub mod capture;
pub mod catalogue;
pub mod confirm;
pub mod expire;
pub mod folder;
pub mod learn;
pub mod open_day;
pub mod pay;
pub mod receive_batch;
pub mod receive_webhook;
pub mod reconcile;
pub mod report_refund;
pub mod reserve;
pub mod resolve_refund;
pub mod schedule_emi;
pub mod send_refund;
pub mod settle_refund;
pub mod wallet_answer;
