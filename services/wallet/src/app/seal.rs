//! The hash chain: each entry's hash covers its every field, its postings and the hash before it, so that a
//! changed byte breaks the chain from there on. Sealing is a job: nobody who posts waits for it.
//!
//! Entries are sealed in the order of their positions, each read once: the position reached is saved with every chunk.
//! It never passes a position that may still be filled, because sealing stops at a settled epoch's (see
//! [`super::epoch`]); a list of gaps to look at again is not needed. Chunks are read on a read connection, and the
//! transaction that saves one only inserts.

use crate::domain::{EntryId, Epoch};
use crate::error::WalletError;
use crate::store::entries::{self, EntryRow, PostingRow};
use crate::store::seals::{self, SealRow};
use db::DbConnection;
use domain::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Entries read, and sealed in one transaction.
const CHUNK: i64 = 500;

/// Seals to save, and the positions of the journal they are of.
pub struct Chunk {
    after: i64,
    until: i64,
    rows: Vec<SealRow>,
}

/// Reads the entries to seal next, of those that are settled. None where all of them are sealed.
pub async fn read(c: &mut DbConnection, settled: &Epoch, now: Timestamp) -> Result<Option<Chunk>, WalletError> {
    let after = seals::progress(c).await?;
    let found = entries::in_order(c, after, settled.last.entry, CHUNK).await?;
    // Where no entry is left, the positions up to the boundary stay empty.
    let Some(until) = found.last().map(|(position, _)| *position) else { return Ok(None) };
    let ids: Vec<_> = found.iter().map(|(_, entry)| entry.id).collect();
    // None, unless an earlier version sealed entries and did not save how far it came.
    let sealed = seals::among(c, &ids).await?;
    let mut lines = entries::lines_by_entry(c, &ids).await?;
    let last = seals::last(c).await?;
    let (mut number, mut hash) = last.map_or((0, Vec::new()), |s| (s.number, s.hash));
    let mut rows = Vec::with_capacity(found.len());
    for (_, entry) in found.iter().filter(|(_, entry)| !sealed.contains(&entry.id)) {
        number += 1;
        hash = hash_of(&hash, entry, &lines.remove(&entry.id).unwrap_or_default());
        rows.push(SealRow { number, entry_id: entry.id, hash: hash.clone(), sealed_at: now });
    }
    Ok(Some(Chunk { after, until, rows }))
}

/// Saves a chunk and how far sealing came. `Ok(false)`: another instance sealed these entries meanwhile.
pub async fn save(c: &mut DbConnection, chunk: &Chunk) -> Result<bool, WalletError> {
    if !seals::advance(c, chunk.after, chunk.until).await? {
        return Ok(false);
    }
    seals::insert(c, chunk.rows.clone()).await?;
    Ok(true)
}

/// The hash of an entry after the one whose hash is `before`.
pub fn hash_of(before: &[u8], entry: &EntryRow, lines: &[PostingRow]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before);
    let optional = |value: Option<String>| value.map_or_else(|| "-".to_owned(), |v| format!("+{v}"));
    let mut field = |value: String| {
        // A length in front, so that no two different entries are the same text.
        hash.update(format!("{}:", value.len()));
        hash.update(value);
    };
    field(entry.id.to_string());
    field(entry.kind.to_string());
    field(entry.cause_id.to_string());
    field(entry.member_id.to_string());
    field(entry.amount_paise.paise().to_string());
    field(optional(entry.plan_version.map(|v| v.to_string())));
    field(optional(entry.reverses.map(|v| v.to_string())));
    field(optional(entry.event_id.map(|v| v.to_string())));
    field(optional(entry.actor_id.map(|v| v.to_string())));
    field(entry.inputs.clone());
    field(entry.at.micros().to_string());
    field(entry.posted_at.micros().to_string());
    for line in lines {
        field(line.line.to_string());
        field(line.owner_id.to_string());
        field(line.account.to_string());
        field(line.amount_paise.paise().to_string());
        field(optional(line.account_after_paise.map(|m| m.paise().to_string())));
        field(optional(line.transaction_type.map(|t| t.to_string())));
        field(optional(line.transaction_number.map(|n| n.to_string())));
        field(optional(line.balance_before_paise.map(|m| m.paise().to_string())));
        field(optional(line.description.clone()));
        field(line.at.micros().to_string());
        field(line.posted_at.micros().to_string());
    }
    hash.finalize().to_vec()
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub number: i64,
    /// What the seal says and what was found there instead.
    pub entry: String,
    pub found: &'static str,
}

impl Break {
    pub fn missing_seal(number: i64, entry: EntryId) -> Self {
        Self { number, entry: entry.to_string(), found: "its seal is missing" }
    }
}

/// How far the chain was followed, and the hash there.
#[derive(Default)]
pub struct Walk {
    number: i64,
    hash: Vec<u8>,
}

impl Walk {
    /// How many seals hold.
    pub fn number(&self) -> i64 {
        self.number
    }
}

pub enum Checked {
    /// These seals hold; there may be more.
    More,
    /// All seals hold.
    End,
    Broken(Break),
}

/// Follows the chain over the next seals.
pub async fn check(c: &mut DbConnection, walk: &mut Walk) -> Result<Checked, WalletError> {
    let page = seals::page(c, walk.number, CHUNK).await?;
    if page.is_empty() {
        return Ok(Checked::End);
    }
    let ids: Vec<_> = page.iter().map(|s| s.entry_id).collect();
    let whole: BTreeMap<_, _> = entries::whole(c, &ids).await?.into_iter().map(|e| (e.0.id, e)).collect();
    for seal in page {
        let found = match whole.get(&seal.entry_id) {
            _ if seal.number != walk.number + 1 => Some("a seal before it is missing"),
            None => Some("the entry is missing"),
            Some((entry, lines)) => {
                walk.hash = hash_of(&walk.hash, entry, lines);
                (walk.hash != seal.hash).then_some("the entry was changed")
            }
        };
        if let Some(found) = found {
            let broken = Break { number: walk.number + 1, entry: seal.entry_id.to_string(), found };
            return Ok(Checked::Broken(broken));
        }
        walk.number = seal.number;
    }
    Ok(Checked::More)
}
