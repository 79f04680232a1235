//! Writes of the booking service, one use case a file. Every function runs in its caller's transaction.
//!
//! The member row is locked first, then the booking row. So all changes of one member happen one after another, and two
//! bookings of one member are never locked in opposite orders.

pub mod advance_refund;
mod allocate_reserve;
pub mod apply_event;
pub mod apply_gateway_refund;
pub mod apply_reserve;
pub mod apply_wallet_decision;
pub mod booking_aggregate;
pub mod cancel_booking;
mod capture_return;
pub mod catalogue;
pub mod confirm_payment;
pub mod create_booking;
pub mod expire_booking;
mod finish_change;
pub mod member_lock;
pub mod open_days;
pub mod plan_versions;
pub mod receive_capture;
pub mod receive_capture_batch;
pub mod receive_webhook;
pub mod reconcile_captures;
pub mod resolve_refund;
pub mod schedule_emi;
pub mod send_refund;
pub mod start_payment;
