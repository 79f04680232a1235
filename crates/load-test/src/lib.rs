//! Load on a running platform, and what it must have left behind.
//!
//! Files: [`cli`] (command line), [`payments`] (benchmark of first payments), [`reads`] (benchmark of hot reads),
//! [`soak`] (load with disturbances, and checks).
//!
//! Invariants: the platform is driven over HTTP; only the soak test reads tables, to count unfinished work, and posts the
//! entries of a large ledger before it begins.

pub mod cli;
pub mod payments;
pub mod reads;
pub mod soak;
