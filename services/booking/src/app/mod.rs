//! Writes of the booking service, one use case a file. Every function runs in its caller's transaction.
//!
//! `buyer_session` loads and saves, `outgoing_events` publishes; what changes is decided in `domain::aggregate`.
//!
//! The member row is locked first, then the booking row. So all changes of one member happen one after another, and two
//! bookings of one member are never locked in opposite orders.

pub mod advance_refund;
pub mod apply_event;
pub mod apply_gateway_refund;
pub mod apply_reserve;
pub mod apply_wallet_decision;
mod buyer_session;
pub mod cancel_booking;
mod capture_return;
pub mod catalogue;
pub mod compare_lists;
pub mod confirm_payment;
pub mod create_booking;
pub mod deliver_vehicle;
pub mod expire_booking;
pub mod late_authorization;
mod locked_rows;
pub mod number_receipts;
pub mod open_days;
mod outgoing_events;
mod plan_versions;
pub mod preview_refund;
pub mod publish_receipts;
pub mod quote_payoff;
pub mod receive_capture;
pub mod receive_capture_batch;
pub mod receive_webhook;
pub mod reconcile_captures;
pub mod remind;
pub mod resolve_capture;
pub mod resolve_refund;
pub mod schedule_emi;
pub mod send_refund;
pub mod start_payment;
pub mod stock;
pub mod vehicle_pictures;
