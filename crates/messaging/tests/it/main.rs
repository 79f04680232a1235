//! Events from the outbox to their effects, with every kind of failure on the way.
#![expect(clippy::unwrap_used, reason = "the tests' own helpers stop at the first surprise")]

mod deferral;
mod delivery;
mod fixture;
mod log;
mod on_services;
mod parking;
mod relaying;
mod waiting;
