//! Access tokens: accepted tokens, refused tokens, revocations as events, outages of dependencies.
#![expect(clippy::unwrap_used, reason = "the tests' own helpers stop at the first surprise")]

mod fixture;
mod outages;
mod revocations;
mod tokens;
