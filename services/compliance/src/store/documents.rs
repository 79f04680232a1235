//! What members uploaded, without the bytes.

use crate::domain::document::{ContentType, DocumentId, Status};
use crate::schema::documents;
use db::{DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = documents, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Document {
    pub id: DocumentId,
    pub user_id: UserId,
    pub kind: String,
    pub content_type: ContentType,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
    pub blob_name: String,
    pub status: Status,
    /// Why it was rejected; empty otherwise.
    pub reason: String,
    pub uploaded_at: Timestamp,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Option<Timestamp>,
}

pub async fn insert(c: &mut DbConnection, document: &Document) -> QueryResult<()> {
    diesel::insert_into(documents::table).values(document).execute(c).await.map(drop)
}

pub async fn find(c: &mut DbConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).first(c).await.optional()
}

/// The same, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).lock().get_result(c).await.optional()
}

pub async fn count_of(c: &mut DbConnection, user: UserId) -> QueryResult<i64> {
    documents::table.filter(documents::user_id.eq(user)).count().get_result(c).await
}

/// Of one member or of everybody, newest first.
pub async fn list(
    c: &mut DbConnection,
    user: Option<UserId>,
    status: Option<Status>,
    before: Option<DocumentId>,
    limit: i64,
) -> QueryResult<Vec<Document>> {
    let mut query = documents::table
        .select(Document::as_select())
        .order(documents::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(documents::user_id.eq(user));
    }
    if let Some(status) = status {
        query = query.filter(documents::status.eq(status));
    }
    if let Some(before) = before {
        query = query.filter(documents::id.lt(before));
    }
    query.load(c).await
}

pub async fn set_review(c: &mut DbConnection, document: &Document) -> QueryResult<()> {
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
