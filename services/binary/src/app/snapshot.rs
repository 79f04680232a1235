//! Snapshots: a start loads the newest one and follows the journal from there.

use super::background::run_blocking;
use super::deviation::Deviation;
use super::follow::follow;
use crate::domain::Tree;
use crate::domain::snapshot::{FORMAT, SnapshotError, SnapshotHead, SnapshotLoader};
use crate::error::BinaryError;
use crate::store::journal;
use crate::store::snapshots::{self, SnapshotRow};
use db::DbConnection;
use domain::Timestamp;
use futures_util::future::BoxFuture;
use runtime::id;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Nodes of one part: about a megabyte, so that a part fits in a packet of every server.
const PART_NODES: u32 = 20_000;

/// A saved snapshot.
#[derive(Debug, PartialEq, Eq)]
pub struct SavedSnapshot {
    /// Sequence number of the last journal entry in it.
    pub seq: i64,
    /// False when the newest snapshot already is of this entry.
    pub is_new: bool,
}

/// Saves the tree as of now, and deletes all older snapshots but one. It loads a tree of its own, so the service goes on
/// undisturbed; call it in a process of its own.
pub fn save(c: &mut DbConnection, now: Timestamp) -> BoxFuture<'_, Result<SavedSnapshot, BinaryError>> {
    Box::pin(async move {
        let seq = journal::load_head(c).await?;
        let previous = snapshots::find_newest(c, FORMAT).await?;
        if previous.as_ref().is_some_and(|row| row.seq == seq) {
            return Ok(SavedSnapshot { seq, is_new: false });
        }
        let mut tree = load_usable(c, previous.as_ref(), seq).await?.unwrap_or_default();
        follow(c, &mut tree, seq).await?;
        let id: Uuid = id::fresh();
        let (head, tree) = (Arc::new(SnapshotHead::of(&tree)), Arc::new(tree));
        let json = serde_json::to_string(&*head).map_err(|e| BinaryError::Journal(e.to_string()))?;
        let mut hash = Sha256::new_with_prefix(&json);
        let mut parts = 0;
        loop {
            let (head, tree) = (Arc::clone(&head), Arc::clone(&tree));
            let encoded = run_blocking(move || Ok(head.encode_part(&tree, PART_NODES, parts)?)).await?;
            let Some(body) = encoded else { break };
            hash.update(&body);
            snapshots::insert_part(c, id, parts.into(), body).await?;
            parts += 1;
        }
        let hash = hash.finalize().to_vec();
        let row = SnapshotRow::new(id, FORMAT, seq, json, parts.into(), hash, now);
        snapshots::insert(c, &row).await?;
        // A process that starts now may be loading the one before. One that is ahead of the journal is of another journal.
        let previous = previous.as_ref().filter(|row| row.seq < seq);
        let oldest = previous.map_or(id.as_bytes().as_slice(), SnapshotRow::id);
        snapshots::delete_before(c, oldest).await?;
        while snapshots::delete_part_before(c, oldest).await? {}
        Ok(SavedSnapshot { seq, is_new: true })
    })
}

/// The tree of the newest snapshot; `None` when there is none that can be used. An unusable one is reported, because
/// the journal has to be replayed instead.
pub async fn load_newest(c: &mut DbConnection, journal_head: i64) -> Result<Option<Tree>, BinaryError> {
    let row = snapshots::find_newest(c, FORMAT).await?;
    load_usable(c, row.as_ref(), journal_head).await
}

async fn load_usable(
    c: &mut DbConnection,
    row: Option<&SnapshotRow>,
    journal_head: i64,
) -> Result<Option<Tree>, BinaryError> {
    let Some(row) = row else { return Ok(None) };
    match load(c, row, journal_head).await {
        Ok(tree) => Ok(Some(tree)),
        Err(BinaryError::Snapshot(error)) => {
            tracing::warn!(seq = row.seq, %error, "tree snapshot ignored: the journal is replayed");
            metrics::counter!("binary_snapshots_ignored_total").increment(1);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn load(c: &mut DbConnection, row: &SnapshotRow, journal_head: i64) -> Result<Tree, BinaryError> {
    let head: SnapshotHead =
        serde_json::from_str(&row.head).map_err(|_| SnapshotError::Inconsistent("the head is not readable"))?;
    check_journal(c, &head, journal_head).await?;
    let mut loader = SnapshotLoader::new(head);
    let mut hash = Sha256::new_with_prefix(&row.head);
    for part in 0..row.parts {
        let body = snapshots::find_part(c, row, part).await?;
        let body = body.ok_or(SnapshotError::Inconsistent("a part is missing"))?;
        (loader, hash) = run_blocking(move || {
            hash.update(&body);
            loader.add(&body)?;
            Ok((loader, hash))
        })
        .await?;
    }
    if hash.finalize().as_slice() != row.hash {
        return Err(SnapshotError::Inconsistent("the hash differs").into());
    }
    run_blocking(move || Ok(loader.finish()?)).await
}

/// Errors when the journal does not have the last entry of the snapshot, as after a restore of the journal alone.
async fn check_journal(c: &mut DbConnection, head: &SnapshotHead, journal_head: i64) -> Result<(), BinaryError> {
    if head.seq() > journal_head {
        return Err(SnapshotError::Inconsistent("it is ahead of the journal").into());
    }
    let last = journal::list_after(c, head.seq() - 1, 1).await?.into_iter().find(|entry| entry.seq == head.seq());
    if head.seq() > 0 && last.is_none_or(|entry| entry.at != head.time()) {
        return Err(SnapshotError::Inconsistent("the journal has another entry").into());
    }
    Ok(())
}

/// Journal entry and digest of a snapshot; an unreadable one has no digest.
pub(super) struct SnapshotDigest {
    seq: i64,
    digest: Option<u64>,
}

/// What the snapshots say of their trees.
pub(super) async fn find_digests(c: &mut DbConnection) -> Result<Vec<SnapshotDigest>, BinaryError> {
    let rows = snapshots::list(c, FORMAT).await?;
    let digest = |head: &str| serde_json::from_str::<SnapshotHead>(head).ok().map(|head| head.digest());
    Ok(rows.into_iter().map(|row| SnapshotDigest { seq: row.seq, digest: digest(&row.head) }).collect())
}

/// Errors when a snapshot of the entry that the tree is at is of another tree.
pub(super) fn compare(snapshots: &[SnapshotDigest], tree: &Tree) -> Result<(), Deviation> {
    let Some(snapshot) = snapshots.iter().find(|snapshot| snapshot.seq == tree.seq()) else { return Ok(()) };
    let expected = tree.digest();
    if snapshot.digest == Some(expected) {
        return Ok(());
    }
    let text = |digest: u64| format!("a tree with digest {digest:016x}");
    Err(Deviation {
        table: "tree_snapshots",
        row: snapshot.seq.to_string(),
        column: Some("head"),
        expected: text(expected),
        found: snapshot.digest.map_or_else(|| "unreadable".to_owned(), text),
    })
}
