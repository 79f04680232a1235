//! Table of members' documents, a projection of the uploads that compliance reports.

use crate::domain::DocumentId;
use crate::schema::documents;
use db::{DbConnection, LockExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Timestamp, UserId};

/// A document of a member.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = documents, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Document {
    pub id: DocumentId,
    pub user_id: UserId,
    /// The booking whose delivery it proves.
    pub delivery_of: Option<BookingId>,
    pub uploaded_at: Timestamp,
}

/// Inserts documents; skips those that exist.
pub async fn insert_new(c: &mut DbConnection, documents: Vec<Document>) -> QueryResult<()> {
    upsert_many(c, documents::table, documents, &[documents::id::NAME], &[]).await
}

/// The document with this id, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).lock().get_result(c).await.optional()
}

/// Records the booking whose delivery a document proves.
pub async fn set_delivery(c: &mut DbConnection, id: DocumentId, booking: BookingId) -> QueryResult<()> {
    let document = documents::table.find(id);
    diesel::update(document).set(documents::delivery_of.eq(booking)).execute(c).await.map(drop)
}
