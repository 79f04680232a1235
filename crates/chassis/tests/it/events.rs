//! Events from an outbox to their effects, over every kind of trouble on the way.

mod delivery;
mod jobs;
mod log;
mod on_services;
mod parking;
mod relaying;
mod waiting;
mod world;
