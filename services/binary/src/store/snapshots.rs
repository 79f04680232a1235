//! Snapshots of the tree: one row each, written last, and the encoded nodes in parts.

use crate::schema::{tree_snapshot_parts, tree_snapshots};
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use uuid::Uuid;

/// More than are ever there at once.
const MAX_LISTED: i64 = 10;

/// A complete snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tree_snapshots, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct SnapshotRow {
    id: Vec<u8>,
    /// Number of the encoding.
    pub format: i64,
    /// Sequence number of the last journal entry in it.
    pub seq: i64,
    /// JSON form of `domain::snapshot::SnapshotHead`.
    pub head: String,
    pub parts: i64,
    /// SHA-256 of the head and all parts.
    pub hash: Vec<u8>,
    pub created_at: Timestamp,
}

impl SnapshotRow {
    /// Ids of later snapshots are greater.
    pub fn id(&self) -> &[u8] {
        &self.id
    }
    /// A row for a new snapshot.
    pub fn new(
        id: Uuid,
        format: i64,
        seq: i64,
        head: String,
        parts: i64,
        hash: Vec<u8>,
        created_at: Timestamp,
    ) -> Self {
        Self { id: id.as_bytes().to_vec(), format, seq, head, parts, hash, created_at }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tree_snapshot_parts, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct PartRow {
    snapshot_id: Vec<u8>,
    part: i64,
    body: Vec<u8>,
}

/// The snapshot of this format that was begun last; `None` when there is none.
pub async fn find_newest(c: &mut DbConnection, format: i64) -> QueryResult<Option<SnapshotRow>> {
    let rows = tree_snapshots::table.filter(tree_snapshots::format.eq(format));
    rows.order(tree_snapshots::id.desc()).select(SnapshotRow::as_select()).first(c).await.optional()
}

/// All snapshots of this format. There are few: an older one is deleted when a new one is saved.
pub async fn list(c: &mut DbConnection, format: i64) -> QueryResult<Vec<SnapshotRow>> {
    let rows = tree_snapshots::table.filter(tree_snapshots::format.eq(format));
    rows.order(tree_snapshots::seq).limit(MAX_LISTED).select(SnapshotRow::as_select()).load(c).await
}

/// One part of a snapshot; `None` when it does not exist.
pub async fn find_part(c: &mut DbConnection, snapshot: &SnapshotRow, part: i64) -> QueryResult<Option<Vec<u8>>> {
    let row = tree_snapshot_parts::table.find((&snapshot.id, part));
    row.select(tree_snapshot_parts::body).first(c).await.optional()
}

/// Inserts one part of a snapshot that is not complete yet.
pub async fn insert_part(c: &mut DbConnection, snapshot: Uuid, part: i64, body: Vec<u8>) -> QueryResult<()> {
    let row = PartRow { snapshot_id: snapshot.as_bytes().to_vec(), part, body };
    diesel::insert_into(tree_snapshot_parts::table).values(row).execute(c).await.map(drop)
}

/// Inserts the row that makes a snapshot complete.
pub async fn insert(c: &mut DbConnection, row: &SnapshotRow) -> QueryResult<()> {
    diesel::insert_into(tree_snapshots::table).values(row).execute(c).await.map(drop)
}

/// Deletes the snapshots that were begun before this one. Their parts are left to [`delete_part_before`].
pub async fn delete_before(c: &mut DbConnection, snapshot_id: &[u8]) -> QueryResult<()> {
    diesel::delete(tree_snapshots::table.filter(tree_snapshots::id.lt(snapshot_id))).execute(c).await.map(drop)
}

/// Deletes a part of a snapshot begun before this one. `false` when there is none.
pub async fn delete_part_before(c: &mut DbConnection, snapshot_id: &[u8]) -> QueryResult<bool> {
    let older = tree_snapshot_parts::table.filter(tree_snapshot_parts::snapshot_id.lt(snapshot_id));
    let key = (tree_snapshot_parts::snapshot_id, tree_snapshot_parts::part);
    let first: Option<(Vec<u8>, i64)> = older.order(key).select(key).first(c).await.optional()?;
    let Some(first) = first else { return Ok(false) };
    diesel::delete(tree_snapshot_parts::table.find(first)).execute(c).await?;
    Ok(true)
}
