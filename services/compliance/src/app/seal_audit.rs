//! Hash chain over the audit log. The hash of an entry covers its fields and the hash before it, so a changed byte
//! breaks the chain from there on. A job seals the entries; their arrival does not wait for it.

use crate::error::ComplianceError;
use crate::store::audit_log::{self, AuditEntry, AuditEntryId};
use crate::store::audit_seals::{self, AuditSeal};
use db::DbConnection;
use domain::Timestamp;
use runtime::hash_chain::EntryHash;
use std::collections::BTreeMap;

/// Entries sealed in one transaction.
const MAX_CHUNK_ENTRIES: i64 = 500;

/// Age of the oldest of the next entries that wait for a seal, in seconds; 0 when none does.
pub async fn oldest_unsealed_secs(c: &mut DbConnection, now: Timestamp) -> Result<i64, ComplianceError> {
    let waiting = audit_seals::list_unsealed(c, MAX_CHUNK_ENTRIES).await?;
    Ok(waiting.iter().map(|(_, at)| now.since(*at).num_seconds()).max().unwrap_or(0))
}

/// Seals the next entries. Returns false when none is left.
///
/// Errors with `Db` when another instance seals at the same time: a number is given once.
pub async fn seal_next(c: &mut DbConnection, now: Timestamp) -> Result<bool, ComplianceError> {
    let waiting = audit_seals::list_unsealed(c, MAX_CHUNK_ENTRIES).await?;
    let ids: Vec<AuditEntryId> = waiting.into_iter().map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let found = audit_log::list_by_ids(c, &ids).await?;
    let entries: BTreeMap<AuditEntryId, AuditEntry> = found.into_iter().map(|entry| (entry.id, entry)).collect();
    let last = audit_seals::find_last(c).await?;
    let (mut number, mut hash) = last.map_or((0, Vec::new()), |seal| (seal.number, seal.hash));
    let mut seals = Vec::with_capacity(entries.len());
    for entry in entries.values() {
        number += 1;
        hash = hash_entry(&hash, entry);
        seals.push(AuditSeal { number, entry_id: entry.id, hash: hash.clone(), sealed_at: now });
    }
    audit_seals::insert(c, seals).await?;
    audit_seals::remove_unsealed(c, &ids).await?;
    Ok(true)
}

/// The hash of an entry that follows the hash `before`.
pub fn hash_entry(before: &[u8], entry: &AuditEntry) -> Vec<u8> {
    EntryHash::after(before)
        .field(entry.id.to_string())
        .field(entry.actor_id.to_string())
        .field(entry.role.to_string())
        .field(&entry.service)
        .field(&entry.action)
        .field(&entry.subject_type)
        .field(&entry.subject_id)
        .optional(entry.subject_user_id.map(|user| user.to_string()))
        .field(&entry.detail)
        .field(&entry.request_id)
        .field(&entry.address)
        .field(entry.acted_at.micros().to_string())
        .optional(entry.changes.as_ref())
        .finish()
}
