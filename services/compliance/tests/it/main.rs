//! Integration tests of the compliance service through events and HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test panics, in its helpers too; that is how it fails"
)]

mod audit;
mod blobs;
mod challan_changes;
mod challans;
mod document_lists;
mod documents;
mod erasures;
mod fixture;
mod grievances;
mod on_services;
mod reviews;
mod s3;
mod scans;
mod tds;
