//! `documents`: which files are whose, as compliance tells.

use crate::domain::kyc::DocumentId;
use crate::schema::documents as t;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
pub(crate) struct Document {
    pub(crate) id: DocumentId,
    pub(crate) user_id: UserId,
    pub(crate) kind: String,
    pub(crate) uploaded_at: Timestamp,
}

/// `false` where it is known already.
pub(crate) async fn insert(c: &mut DbConnection, document: &Document) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(document).execute(c).await)
}

/// How many of `ids` are the user's own.
pub(crate) async fn count_own(c: &mut DbConnection, user: UserId, ids: &[DocumentId]) -> QueryResult<i64> {
    t::table.filter(t::user_id.eq(user)).filter(t::id.eq_any(ids)).count().get_result(c).await
}
