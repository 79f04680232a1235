//! Table `signing_keys`: private keys, encrypted.

use crate::schema::signing_keys as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// A signing key and the time from which it signs.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct SigningKeyRow {
    pub(crate) kid: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) signs_from: Timestamp,
}

/// Lists all keys in order of `signs_from`.
pub(crate) async fn list(c: &mut DbConnection) -> QueryResult<Vec<SigningKeyRow>> {
    t::table.order((t::signs_from, t::kid)).select(SigningKeyRow::as_select()).load(c).await
}

/// Inserts a key.
pub(crate) async fn insert(c: &mut DbConnection, key: &SigningKeyRow) -> QueryResult<()> {
    diesel::insert_into(t::table).values(key).execute(c).await.map(drop)
}

/// Deletes a key.
pub(crate) async fn delete(c: &mut DbConnection, kid: &str) -> QueryResult<()> {
    diesel::delete(t::table.find(kid)).execute(c).await.map(drop)
}
