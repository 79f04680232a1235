//! The wallet over events and HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod asked_by_hand;
mod earned;
mod explained;
mod fixture;
mod guarded;
mod indexed;
mod listed;
mod model;
mod on_services;
mod paid_out;
mod reversed;
mod rolled_up;
mod sealed;
mod stated;
mod verified;
