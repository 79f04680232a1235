//! The booking service as its callers meet it: over HTTP, with events delivered and read back.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod batched;
mod bounded;
mod calendar;
mod cancelling;
mod catalogue;
mod emi;
mod keys;
mod late;
mod on_services;
mod paying;
mod plans;
mod razorpay;
mod razorpay_double;
mod reconciling;
mod refunding;
mod reserves;
mod resolving;
mod webhooks;
mod world;
