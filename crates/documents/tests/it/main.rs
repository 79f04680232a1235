//! Files read back: by their structure, and by independent programs where they are installed.

#![expect(clippy::expect_used, reason = "a failing test panics, in its helpers too")]

mod programs;
mod samples;
mod structure;
