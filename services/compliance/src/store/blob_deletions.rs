//! Table of blobs that are to be deleted from the blob store.

use crate::schema::blob_deletions;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// A blob without a document.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = blob_deletions, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct BlobDeletion {
    pub blob_name: String,
    pub asked_at: Timestamp,
}

/// Inserts what is new.
pub async fn insert_new(c: &mut DbConnection, rows: &[BlobDeletion]) -> QueryResult<()> {
    db::insert_new(c, blob_deletions::table, rows).await.map(drop)
}

/// Lists blobs by name, after `after`.
pub async fn list(c: &mut DbConnection, after: &str, limit: i64) -> QueryResult<Vec<String>> {
    let query = blob_deletions::table.filter(blob_deletions::blob_name.gt(after)).order(blob_deletions::blob_name);
    query.limit(limit).select(blob_deletions::blob_name).load(c).await
}

/// When the oldest deletion was asked for.
pub async fn find_oldest(c: &mut DbConnection) -> QueryResult<Option<Timestamp>> {
    let query = blob_deletions::table.order(blob_deletions::asked_at).select(blob_deletions::asked_at);
    query.first(c).await.optional()
}

/// Removes the entry of a deleted blob.
pub async fn delete(c: &mut DbConnection, blob_name: &str) -> QueryResult<()> {
    diesel::delete(blob_deletions::table.find(blob_name)).execute(c).await.map(drop)
}
