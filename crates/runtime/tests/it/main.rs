//! Tests of the runtime through its public interface.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod breaker;
mod cache;
mod jobs;
mod mail;
mod sms;
mod telemetry;
