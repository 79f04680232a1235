//! `documents`: which files are whose, as compliance tells.

use crate::domain::kyc::{DocumentId, Upload};
use crate::schema::documents as t;
use db::{AnyOfExt, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Document {
    id: DocumentId,
    user_id: UserId,
    kind: String,
    uploaded_at: Timestamp,
}

/// Inserts those that are not there yet.
pub(crate) async fn insert_new(c: &mut DbConnection, uploads: Vec<Upload>) -> QueryResult<()> {
    let rows = uploads.into_iter().map(|Upload { id, user_id, kind, uploaded_at }| Document {
        id,
        user_id,
        kind,
        uploaded_at,
    });
    upsert_many(c, t::table, rows, &[t::id::NAME], &[]).await
}

/// How many of `ids` are the user's own.
pub(crate) async fn count_own(c: &mut DbConnection, user: UserId, ids: &[DocumentId]) -> QueryResult<i64> {
    t::table.filter(t::user_id.eq(user)).filter(t::id.any_of(ids)).count().get_result(c).await
}
