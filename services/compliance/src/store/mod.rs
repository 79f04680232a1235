//! Rows and queries, one file per table.

pub mod audit_log;
pub mod certificates;
pub mod documents;
pub mod tds_records;
