//! The hash chain: each entry's hash covers its every field, its postings and the hash before it, so that a
//! changed byte breaks the chain from there on. Sealing is a job: nobody who posts waits for it.

use crate::error::WalletError;
use crate::store::entries::{self, EntryRow, PostingRow};
use crate::store::seals::{self, SealRow};
use db::DbConnection;
use domain::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Entries sealed in one transaction.
const CHUNK: i64 = 500;
/// No transaction that posts stays open this long: what is older and not sealed cannot appear any more.
pub(super) const SETTLED_AFTER_SECS: i64 = 600;

/// Seals the oldest entries that are not sealed yet, and says whether there may be more.
pub async fn chunk(c: &mut DbConnection, now: Timestamp) -> Result<bool, WalletError> {
    let from = seals::progress(c).await?;
    let ids = seals::unsealed(c, from, CHUNK).await?;
    let last = seals::last(c).await?;
    let (mut number, mut hash) = last.map_or((0, Vec::new()), |s| (s.number, s.hash));
    let mut whole: BTreeMap<_, _> = entries::whole(c, &ids).await?.into_iter().map(|e| (e.0.id, e)).collect();
    let mut rows = Vec::with_capacity(ids.len());
    for id in &ids {
        let Some((entry, lines)) = whole.remove(id) else { continue };
        number += 1;
        hash = hash_of(&hash, &entry, &lines);
        rows.push(SealRow { number, entry_id: *id, hash: hash.clone(), sealed_at: now });
    }
    let sealed = i64::try_from(rows.len()).unwrap_or(CHUNK);
    seals::insert(c, rows).await?;
    if sealed < CHUNK
        && let Some(settled) = seals::settled(c, from, now.plus_secs(-SETTLED_AFTER_SECS)).await?
    {
        seals::save_progress(c, settled).await?;
    }
    Ok(sealed == CHUNK)
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

/// How many seals hold, and the first that does not.
pub async fn check(c: &mut DbConnection) -> Result<(i64, Option<Break>), WalletError> {
    let (mut number, mut hash) = (0, Vec::new());
    loop {
        let page = seals::page(c, number, CHUNK).await?;
        if page.is_empty() {
            // Seals are taken away from the end without a trace among the seals themselves.
            let settled = seals::progress(c).await?;
            let bare = seals::unsealed_until(c, settled).await?;
            let broken =
                bare.map(|id| Break { number: number + 1, entry: id.to_string(), found: "its seal is missing" });
            return Ok((number, broken));
        }
        let ids: Vec<_> = page.iter().map(|s| s.entry_id).collect();
        let whole: BTreeMap<_, _> = entries::whole(c, &ids).await?.into_iter().map(|e| (e.0.id, e)).collect();
        for seal in page {
            let found = match whole.get(&seal.entry_id) {
                _ if seal.number != number + 1 => Some("a seal before it is missing"),
                None => Some("the entry is missing"),
                Some((entry, lines)) => {
                    hash = hash_of(&hash, entry, lines);
                    (hash != seal.hash).then_some("the entry was changed")
                }
            };
            if let Some(found) = found {
                let broken = Break { number: number + 1, entry: seal.entry_id.to_string(), found };
                return Ok((number, Some(broken)));
            }
            number = seal.number;
        }
    }
}
