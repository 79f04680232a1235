//! Verification of the audit log: the hash chain is unbroken, and every entry is in it or waits for its seal.

use super::seal_audit::hash_entry;
use crate::error::ComplianceError;
use crate::store::audit_log::{self, AuditEntry, AuditEntryId};
use crate::store::audit_seals;
use db::DbConnection;
use runtime::hash_chain::ChainProgress;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Seals or entries read in one step.
const PAGE_ROWS: i64 = 500;
/// Most faults in a report.
const MAX_FAULTS: usize = 100;

/// An entry that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    pub entry: String,
    /// What is wrong, in words.
    pub found: &'static str,
}

/// The report of a verification.
#[derive(Debug, Default, Serialize)]
pub struct AuditVerification {
    pub ok: bool,
    pub entries_checked: u64,
    /// Entries of the hash chain that are unchanged.
    pub entries_sealed: i64,
    /// At most 100. The chain is checked up to its first break.
    pub faults: Vec<AuditFault>,
}

/// A verification in progress, in bounded steps without locks.
#[derive(Debug, Default)]
pub struct AuditVerificationRun {
    report: AuditVerification,
    chain: ChainProgress,
    is_chain_done: bool,
    last_entry: Option<AuditEntryId>,
}

impl AuditVerificationRun {
    /// Verifies the next rows. Returns false when all were read.
    pub async fn step(&mut self, c: &mut DbConnection) -> Result<bool, ComplianceError> {
        if self.is_chain_done { self.check_entries(c).await } else { self.check_chain(c).await }
    }

    /// Finishes the report.
    pub fn finish(self) -> AuditVerification {
        AuditVerification { ok: self.report.faults.is_empty(), ..self.report }
    }

    fn add_fault(&mut self, entry: AuditEntryId, found: &'static str) {
        if self.report.faults.len() < MAX_FAULTS {
            self.report.faults.push(AuditFault { entry: entry.to_string(), found });
        }
    }

    async fn check_chain(&mut self, c: &mut DbConnection) -> Result<bool, ComplianceError> {
        let page = audit_seals::list(c, self.chain.number(), PAGE_ROWS).await?;
        let ids: Vec<AuditEntryId> = page.iter().map(|seal| seal.entry_id).collect();
        let found = audit_log::list_by_ids(c, &ids).await?;
        let entries: BTreeMap<AuditEntryId, AuditEntry> = found.into_iter().map(|entry| (entry.id, entry)).collect();
        self.is_chain_done = page.is_empty();
        for seal in page {
            let rehash = entries.get(&seal.entry_id).map(|entry| |before: &[u8]| hash_entry(before, entry));
            if let Some(fault) = self.chain.check((seal.number, &seal.hash), rehash) {
                self.add_fault(seal.entry_id, fault);
                self.is_chain_done = true;
                return Ok(true);
            }
            self.report.entries_sealed = self.chain.number();
        }
        Ok(true)
    }

    async fn check_entries(&mut self, c: &mut DbConnection) -> Result<bool, ComplianceError> {
        let after = self.last_entry.unwrap_or_else(|| uuid::Uuid::nil().into());
        let ids = audit_log::list_ids(c, after, PAGE_ROWS).await?;
        let Some(last) = ids.last() else { return Ok(false) };
        self.last_entry = Some(*last);
        self.report.entries_checked += u64::try_from(ids.len()).unwrap_or_default();
        // In this order, because an entry moves from those that wait to those that are sealed.
        let waiting: BTreeSet<_> = audit_seals::find_unsealed(c, &ids).await?.into_iter().collect();
        let sealed: BTreeSet<_> = audit_seals::find_of(c, &ids).await?.into_iter().map(|seal| seal.entry_id).collect();
        for id in ids.into_iter().filter(|id| !waiting.contains(id) && !sealed.contains(id)) {
            self.add_fault(id, "its seal is missing");
        }
        Ok(true)
    }
}
