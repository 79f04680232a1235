//! The auth service through its HTTP and its events alone.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failing test panics; that is how it fails")]

mod access;
mod codes;
mod house;
mod kyc;
mod me;
mod messages;
mod on_services;
mod people;
mod schema;
mod sessions;
mod sign_in;
mod sign_up;
