//! Tests of the start-up, and of what all crates below do together.
#![expect(clippy::unwrap_used, reason = "the tests' own helpers stop at the first surprise")]

mod boot;
mod telemetry;
