//! Table of documents: what members uploaded, without the bytes.

use crate::domain::document::{ContentType, DocumentId, DocumentStatus};
use crate::schema::documents;
use db::{AnyOfExt, Count, DbConnection, LockExt, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A document without its bytes, which the blob store holds under `blob_name`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = documents, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Document {
    pub id: DocumentId,
    pub user_id: UserId,
    pub kind: String,
    pub content_type: ContentType,
    pub size_bytes: Count,
    pub sha256: Vec<u8>,
    pub blob_name: String,
    pub status: DocumentStatus,
    /// Reason of the rejection; empty unless rejected.
    pub reason: String,
    pub uploaded_at: Timestamp,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Option<Timestamp>,
}

/// Inserts a document.
pub async fn insert(c: &mut DbConnection, document: &Document) -> QueryResult<()> {
    diesel::insert_into(documents::table).values(document).execute(c).await.map(drop)
}

/// Finds a document.
pub async fn find(c: &mut DbConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).first(c).await.optional()
}

/// Locks and finds a document.
pub async fn lock(c: &mut DbConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).lock().get_result(c).await.optional()
}

/// Locks and counts the documents of a member.
pub async fn lock_count(c: &mut DbConnection, user_id: UserId) -> QueryResult<i64> {
    documents::table.filter(documents::user_id.eq(user_id)).count().lock().get_result(c).await
}

/// Locks and lists all documents of a member.
pub async fn lock_of_member(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Document>> {
    let query = documents::table.filter(documents::user_id.eq(user_id)).order(documents::id);
    query.select(Document::as_select()).lock().get_results(c).await
}

/// Deletes documents.
pub async fn delete_all(c: &mut DbConnection, ids: &[DocumentId]) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    diesel::delete(documents::table.filter(documents::id.any_of(ids))).execute(c).await.map(drop)
}

/// Conditions of a list of documents; `None` means any.
#[derive(Debug, Default)]
pub struct DocumentQuery {
    pub user: Option<UserId>,
    pub status: Option<DocumentStatus>,
    pub ids: Option<Vec<DocumentId>>,
    pub order: SortOrder,
    /// The last document of the previous page.
    pub after: Option<DocumentId>,
}

/// Lists documents by id.
pub async fn list(c: &mut DbConnection, conditions: &DocumentQuery, limit: i64) -> QueryResult<Vec<Document>> {
    let query = documents::table.select(Document::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, conditions.order, documents::id, conditions.after);
    if let Some(user) = conditions.user {
        query = query.filter(documents::user_id.eq(user));
    }
    if let Some(status) = conditions.status {
        query = query.filter(documents::status.eq(status));
    }
    if let Some(ids) = &conditions.ids {
        query = query.filter(documents::id.any_of(ids));
    }
    query.load(c).await
}

/// Times of the uploads of documents with `status`, oldest first.
pub async fn list_upload_times(
    c: &mut DbConnection,
    status: DocumentStatus,
    limit: i64,
) -> QueryResult<Vec<Timestamp>> {
    let query = documents::table.filter(documents::status.eq(status)).order(documents::uploaded_at).limit(limit);
    query.select(documents::uploaded_at).load(c).await
}

/// Saves status, reason, reviewer and time of the review.
pub async fn save_review(c: &mut DbConnection, document: &Document) -> QueryResult<()> {
    diesel::update(documents::table.find(document.id))
        .set((
            documents::status.eq(document.status),
            documents::reason.eq(&document.reason),
            documents::reviewed_by.eq(document.reviewed_by),
            documents::reviewed_at.eq(document.reviewed_at),
        ))
        .execute(c)
        .await
        .map(drop)
}
