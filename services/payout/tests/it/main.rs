//! The service over HTTP and events: who may ask, what staff decide, what the bank does.

mod asking;
mod bank;
mod deciding;
mod fixture;
mod on_services;
mod taxes;
