//! Database access of the compliance service: rows in and out, no decisions.

pub mod audit_log;
pub mod certificates;
pub mod documents;
pub mod tds_records;
