//! Contracts of all events between services, and the list of subscriptions.
//!
//! The messages are generated from `proto/<service>/v1/events.proto`. A message's full name, like
//! `booking.v1.PaymentCompleted`, is its routing key. Fields are only ever added: a test compares the
//! generated descriptors with `contracts.txt`.
//!
//! Files: [`envelope`] (attributes of an event), [`vocabulary`] (values of text fields), [`subscriptions`] (event types
//! of each service), [`sealed_fields`] (values that are sealed with the PII keys).

pub mod envelope;
pub mod sealed_fields;
pub mod subscriptions;
pub mod vocabulary;

pub use envelope::{DecodeError, Envelope, Event};
pub use prost;

/// All contracts as a `FileDescriptorSet`, for the field snapshot test and for tools.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! contracts {
    ($($service:ident),+) => {$(
        /// Events of one service.
        pub mod $service {
            /// Version 1 of the contracts.
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($service), ".v1.rs"));
            }
        }
    )+};
}
contracts!(auth, binary, booking, compliance, payout, platform, wallet);
