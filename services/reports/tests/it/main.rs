//! The reports service through its events and its HTTP alone.

mod figures;
mod on_services;
mod order;
mod platform;
mod sheets;
