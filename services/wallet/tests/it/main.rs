//! The wallet over events and HTTP.

mod asked_by_hand;
mod earned;
mod explained;
mod fixture;
mod guarded;
mod listed;
mod model;
mod on_services;
mod paid_out;
mod reversed;
