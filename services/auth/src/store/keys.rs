//! `signing_keys`: private keys, sealed.

use crate::schema::signing_keys as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct StoredKey {
    pub(crate) kid: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) signs_from: Timestamp,
}

/// In the order in which they begin to sign.
pub(crate) async fn all(c: &mut DbConnection) -> QueryResult<Vec<StoredKey>> {
    t::table.order((t::signs_from, t::kid)).select(StoredKey::as_select()).load(c).await
}

pub(crate) async fn insert(c: &mut DbConnection, key: &StoredKey) -> QueryResult<()> {
    diesel::insert_into(t::table).values(key).execute(c).await.map(drop)
}

pub(crate) async fn delete(c: &mut DbConnection, kid: &str) -> QueryResult<()> {
    diesel::delete(t::table.find(kid)).execute(c).await.map(drop)
}
