//! Events from the outbox to their effects, with every kind of failure on the way.

mod delivery;
mod fixture;
mod jobs;
mod log;
mod on_services;
mod parking;
mod relaying;
mod waiting;
