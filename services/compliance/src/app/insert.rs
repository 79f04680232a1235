//! Insertion of TDS records and audit entries from events. A duplicate inserts nothing.

use crate::store::{audit_log, tds_records};
use db::DbConnection;
use diesel::QueryResult;

pub use crate::store::audit_log::{AuditEntry, AuditEntryId};
pub use crate::store::tds_records::{TdsRecord, TdsRecordId};

/// Inserts deductions and reversals. Skips those that their payout already has.
pub async fn insert_tds_records(c: &mut DbConnection, records: &[TdsRecord]) -> QueryResult<()> {
    tds_records::insert_new(c, records).await
}

/// Inserts entries of the audit log. Skips those whose id is there already.
pub async fn insert_audit_entries(c: &mut DbConnection, entries: &[AuditEntry]) -> QueryResult<()> {
    audit_log::insert_new(c, entries).await
}
