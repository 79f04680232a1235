//! Table `documents`: uploaded documents and their owners, a projection of compliance events.

use crate::domain::kyc::{DocumentId, UploadedDocument};
use crate::schema::documents as t;
use db::{AnyOfExt, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct DocumentRow {
    id: DocumentId,
    user_id: UserId,
    kind: String,
    uploaded_at: Timestamp,
}

/// Inserts documents; skips those that exist.
pub(crate) async fn insert_new(c: &mut DbConnection, uploads: Vec<UploadedDocument>) -> QueryResult<()> {
    let rows = uploads.into_iter().map(|UploadedDocument { id, user_id, kind, uploaded_at }| DocumentRow {
        id,
        user_id,
        kind,
        uploaded_at,
    });
    upsert_many(c, t::table, rows, &[t::id::NAME], &[]).await
}

/// Counts the documents of `ids` that belong to the user.
pub(crate) async fn count_own(c: &mut DbConnection, user: UserId, ids: &[DocumentId]) -> QueryResult<i64> {
    t::table.filter(t::user_id.eq(user)).filter(t::id.any_of(ids)).count().get_result(c).await
}
