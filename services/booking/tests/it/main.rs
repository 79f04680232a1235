//! The booking service as its callers meet it: over HTTP, with events delivered and read back.

mod calendar;
mod cancelling;
mod catalogue;
mod emi;
mod on_services;
mod paying;
mod plans;
mod razorpay;
mod reserves;
mod world;
