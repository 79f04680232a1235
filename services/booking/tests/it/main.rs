//! Integration tests of the booking service: over HTTP, with events delivered and published ones read back.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test helpers panic on unexpected values")]

mod batched;
mod calendar;
mod cancelling;
mod capture_resolution;
mod catalogue;
mod dashboard_refunds;
mod deliveries;
mod documents;
mod emi;
mod fixture;
mod idempotency;
mod late_captures;
mod limits;
mod on_services;
mod paying;
mod plans;
mod previews;
mod queues;
mod quoting;
mod razorpay;
mod razorpay_double;
mod receipts;
mod reconciling;
mod refunding;
mod reserves;
mod resolving;
mod stock;
mod wallet_decisions;
mod webhooks;
