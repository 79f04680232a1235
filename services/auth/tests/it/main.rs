//! The auth service through its HTTP and its events alone.

mod access;
mod house;
mod kyc;
mod me;
mod on_services;
mod people;
mod sessions;
mod sign_in;
mod sign_up;
