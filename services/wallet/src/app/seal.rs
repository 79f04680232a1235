//! Hash chain over all entries. The hash of an entry covers its fields, its postings and the hash before it, so a
//! changed byte breaks the chain from there on. A job seals the entries; posting does not wait for it.
//!
//! Entries are sealed in the order of their positions, each read once: the position reached is saved with every chunk.
//! Sealing stops at the position of a settled epoch (see [`super::epoch`]), so no position that it has passed can be
//! filled later. Chunks are read on a read connection, and the transaction that saves one only inserts.

use crate::domain::{EntryId, Epoch};
use crate::error::WalletError;
use crate::store::entries::{self, EntryRow, PostingRow};
use crate::store::seals::{self, SealRow};
use db::DbConnection;
use domain::Timestamp;
use runtime::hash_chain::{ChainProgress, EntryHash};
use std::collections::BTreeMap;

/// Entries sealed in one transaction, and seals verified in one step.
const MAX_CHUNK_ENTRIES: i64 = 500;

/// Seals to save, with the range of journal positions that they cover.
pub struct SealChunk {
    after: i64,
    until: i64,
    rows: Vec<SealRow>,
}

/// Age of the oldest entry that is not sealed yet, in seconds; 0 when all are.
pub async fn oldest_unsealed_secs(c: &mut DbConnection, now: Timestamp) -> Result<i64, WalletError> {
    let oldest = seals::find_oldest_unsealed(c).await?;
    Ok(oldest.map_or(0, |at| now.since(at).num_seconds()))
}

/// Reads the next settled entries and computes their seals. `None` when all of them are sealed.
pub async fn load_next_chunk(
    c: &mut DbConnection,
    settled: &Epoch,
    now: Timestamp,
) -> Result<Option<SealChunk>, WalletError> {
    let after = seals::load_sealed_position(c).await?;
    let found = entries::list_by_position(c, after, settled.last.entry, MAX_CHUNK_ENTRIES).await?;
    // No entry is left up to the boundary, and none can be added there.
    let Some(until) = found.last().map(|(position, _)| *position) else { return Ok(None) };
    let ids: Vec<_> = found.iter().map(|(_, entry)| entry.id).collect();
    // Empty, unless an earlier release has sealed entries without saving its position.
    let sealed = seals::find_sealed(c, &ids).await?;
    let mut lines = entries::list_lines_by_entry(c, &ids).await?;
    let last = seals::find_last(c).await?;
    let (mut number, mut hash) = last.map_or((0, Vec::new()), |s| (s.number, s.hash));
    let mut rows = Vec::with_capacity(found.len());
    for (_, entry) in found.iter().filter(|(_, entry)| !sealed.contains(&entry.id)) {
        number += 1;
        hash = hash_entry(&hash, entry, &lines.remove(&entry.id).unwrap_or_default());
        rows.push(SealRow { number, entry_id: entry.id, hash: hash.clone(), sealed_at: now });
    }
    Ok(Some(SealChunk { after, until, rows }))
}

/// Saves a chunk and the position reached. Returns false when another instance has sealed these entries meanwhile.
pub async fn save_chunk(c: &mut DbConnection, chunk: &SealChunk) -> Result<bool, WalletError> {
    if !seals::advance_sealed_position(c, chunk.after, chunk.until).await? {
        return Ok(false);
    }
    seals::insert(c, chunk.rows.clone()).await?;
    Ok(true)
}

/// The hash of an entry that follows the hash `before`.
pub fn hash_entry(before: &[u8], entry: &EntryRow, lines: &[PostingRow]) -> Vec<u8> {
    let head = EntryHash::after(before)
        .field(entry.id.to_string())
        .field(entry.kind.to_string())
        .field(entry.cause_id.to_string())
        .field(entry.member_id.to_string())
        .field(entry.amount_paise.paise().to_string())
        .optional(entry.plan_version.map(|v| v.to_string()))
        .optional(entry.reverses.map(|v| v.to_string()))
        .optional(entry.event_id.map(|v| v.to_string()))
        .optional(entry.actor_id.map(|v| v.to_string()))
        .field(&entry.inputs)
        .field(entry.at.micros().to_string())
        .field(entry.posted_at.micros().to_string());
    lines.iter().fold(head, hash_line).finish()
}

fn hash_line(hash: EntryHash, line: &PostingRow) -> EntryHash {
    hash.field(line.line.to_string())
        .field(line.owner_id.to_string())
        .field(line.account.to_string())
        .field(line.amount_paise.paise().to_string())
        .optional(line.account_after_paise.map(|m| m.paise().to_string()))
        .optional(line.transaction_type.map(|t| t.to_string()))
        .optional(line.transaction_number.map(|n| n.to_string()))
        .optional(line.balance_before_paise.map(|m| m.paise().to_string()))
        .optional(line.description.as_ref())
        .field(line.at.micros().to_string())
        .field(line.posted_at.micros().to_string())
}

/// The first break of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainBreak {
    pub number: i64,
    /// The entry that the seal names.
    pub entry: String,
    /// What is wrong, in words.
    pub found: &'static str,
}

impl ChainBreak {
    /// The break at an entry without a seal.
    pub fn missing_seal(number: i64, entry: EntryId) -> Self {
        Self { number, entry: entry.to_string(), found: "its seal is missing" }
    }
}

/// The result of verifying some seals.
pub enum ChainCheck {
    /// These seals are valid; there may be more.
    More,
    /// All seals are valid.
    End,
    Broken(ChainBreak),
}

/// Verifies the next seals after `progress`.
pub async fn check_next(c: &mut DbConnection, progress: &mut ChainProgress) -> Result<ChainCheck, WalletError> {
    let page = seals::list(c, progress.number(), MAX_CHUNK_ENTRIES).await?;
    if page.is_empty() {
        return Ok(ChainCheck::End);
    }
    let ids: Vec<_> = page.iter().map(|s| s.entry_id).collect();
    let whole: BTreeMap<_, _> = entries::list_with_lines(c, &ids).await?.into_iter().map(|e| (e.0.id, e)).collect();
    for seal in page {
        let rehash = whole.get(&seal.entry_id).map(|(entry, lines)| |before: &[u8]| hash_entry(before, entry, lines));
        if let Some(found) = progress.check((seal.number, &seal.hash), rehash) {
            let broken = ChainBreak { number: progress.number() + 1, entry: seal.entry_id.to_string(), found };
            return Ok(ChainCheck::Broken(broken));
        }
    }
    Ok(ChainCheck::More)
}
