//! The contracts of every event the services exchange, and the list of who listens to what.
//!
//! The messages are generated from `proto/<service>/v1/events.proto`. A message's full name, like
//! `booking.v1.PaymentCompleted`, is its routing key. Fields are only ever added: a test compares the
//! generated descriptors with `contracts.txt`.
//!
//! Files: [`envelope`] (what travels around a message), [`subscriptions`] (who listens to what).

pub mod envelope;
pub mod subscriptions;

pub use envelope::{Decode, Envelope, Event};
pub use prost;

/// Every contract as a `FileDescriptorSet`, for the field snapshot and for tools.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! contracts {
    ($($service:ident),+) => {$(
        pub mod $service {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($service), ".v1.rs"));
            }
        }
    )+};
}
contracts!(auth, binary, booking, compliance, payout, platform, wallet);
