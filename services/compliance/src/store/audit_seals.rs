//! Tables of the hash chain over the audit log: seals, which are only added, and the entries that wait for one.

use super::audit_log::AuditEntryId;
use crate::schema::{audit_seals, audit_unsealed};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// A link of the chain.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_seals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct AuditSeal {
    /// Gap-free, from 1.
    pub number: i64,
    pub entry_id: AuditEntryId,
    pub hash: Vec<u8>,
    pub sealed_at: Timestamp,
}

/// Finds the last seal.
pub async fn find_last(c: &mut DbConnection) -> QueryResult<Option<AuditSeal>> {
    audit_seals::table.order(audit_seals::number.desc()).select(AuditSeal::as_select()).first(c).await.optional()
}

/// Adds seals.
pub async fn insert(c: &mut DbConnection, rows: Vec<AuditSeal>) -> QueryResult<()> {
    insert_many(c, audit_seals::table, rows).await.map(drop)
}

/// Lists seals in order, after number `after`.
pub async fn list(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<AuditSeal>> {
    audit_seals::table
        .filter(audit_seals::number.gt(after))
        .order(audit_seals::number)
        .limit(limit)
        .select(AuditSeal::as_select())
        .load(c)
        .await
}

/// Finds the seals of these entries.
pub async fn find_of(c: &mut DbConnection, entries: &[AuditEntryId]) -> QueryResult<Vec<AuditSeal>> {
    audit_seals::table.filter(audit_seals::entry_id.any_of(entries)).select(AuditSeal::as_select()).load(c).await
}

/// Lists entries that wait for a seal, in the order of their ids.
pub async fn list_unsealed(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<(AuditEntryId, Timestamp)>> {
    audit_unsealed::table
        .order(audit_unsealed::entry_id)
        .limit(limit)
        .select((audit_unsealed::entry_id, audit_unsealed::received_at))
        .load(c)
        .await
}

/// Finds which of these entries wait for a seal.
pub async fn find_unsealed(c: &mut DbConnection, entries: &[AuditEntryId]) -> QueryResult<Vec<AuditEntryId>> {
    let waiting = audit_unsealed::table.filter(audit_unsealed::entry_id.any_of(entries));
    waiting.select(audit_unsealed::entry_id).load(c).await
}

/// Removes entries from those that wait. Returns how many there were.
pub async fn remove_unsealed(c: &mut DbConnection, entries: &[AuditEntryId]) -> QueryResult<usize> {
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::entry_id.any_of(entries))).execute(c).await
}
