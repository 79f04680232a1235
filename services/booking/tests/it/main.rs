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
mod gateways;
mod graph;
mod idempotency;
mod late_authorizations;
mod late_captures;
mod limits;
mod list_comparison;
mod on_services;
mod outages;
mod paying;
mod payoffs;
mod pictures;
mod plans;
mod previews;
mod queues;
mod quoting;
mod razorpay;
mod razorpay_double;
mod receipts;
mod reconciling;
mod refunding;
mod reminders;
mod reserves;
mod resolving;
mod stock;
mod stripe;
mod stripe_double;
mod taxes;
mod wallet_decisions;
mod webhooks;
