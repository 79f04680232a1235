//! Integration tests of the auth service, through HTTP and events only.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failing test panics; that is how it fails"
)]

mod access;
mod codes;
mod console;
mod devices;
mod distributors;
mod erasure;
mod fixture;
mod identifiers;
mod kyc;
mod me;
mod messages;
mod on_services;
mod referral_codes;
mod schema;
mod sessions;
mod sign_in;
mod sign_up;
mod sms_receipts;
mod step_up;
mod users;
