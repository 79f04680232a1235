//! Tests of the HTTP interface with requests to applications of actix.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod download;
mod http;
mod openapi;
