//! Queries of the booking tables, without any decisions.

pub mod bookings;
pub mod calendar;
pub mod captures;
pub mod gateway_refunds;
pub mod instalments;
pub mod members;
pub mod payments;
pub mod plans;
pub mod reconciliations;
pub mod refunds;
pub mod reserves;
pub mod vehicles;
pub mod webhook_events;
