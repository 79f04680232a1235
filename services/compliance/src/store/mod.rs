//! Database access of the compliance service: rows in and out, no decisions.

pub mod audit_log;
pub mod audit_seals;
pub mod blob_deletions;
pub mod certificate_counters;
pub mod certificates;
pub mod challan_changes;
pub mod challans;
pub mod documents;
pub mod grievance_counters;
pub mod grievances;
pub mod member_records;
pub mod members;
pub mod tds_records;
