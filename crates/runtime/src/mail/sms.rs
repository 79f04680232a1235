//! SMS.
//!
//! Files: [`gateway`] (HTTP gateways that take JSON).

pub mod gateway;
