//! Insertion of TDS records and audit entries from events. A duplicate inserts nothing.

use crate::store::{audit_log, tds_records};
use db::DbConnection;
use diesel::QueryResult;

pub use crate::store::audit_log::{AuditEntry, AuditEntryId};
pub use crate::store::tds_records::{TdsRecord, TdsRecordId};

/// Inserts a deduction or its reversal. `false` when this payout already has that row.
pub async fn insert_tds_record(c: &mut DbConnection, record: &TdsRecord) -> QueryResult<bool> {
    tds_records::insert_if_new(c, record).await
}

/// Inserts an entry of the audit log. `false` when its id is there already.
pub async fn insert_audit_entry(c: &mut DbConnection, entry: &AuditEntry) -> QueryResult<bool> {
    audit_log::insert_if_new(c, entry).await
}
