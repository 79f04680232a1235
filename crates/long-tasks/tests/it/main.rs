//! Long tasks: requests, the job, interruptions, and processes of their own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod execution;
mod fixture;
mod processes;
