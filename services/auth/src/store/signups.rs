//! `signups`: a whole profile, sealed, that waits for its two codes.

use crate::schema::signups as t;
use db::{DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Signup {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert(c: &mut DbConnection, signup: &Signup) -> QueryResult<()> {
    diesel::insert_into(t::table).values(signup).execute(c).await.map(drop)
}

pub(crate) async fn find(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<Signup>> {
    t::table.find(token_hash).select(Signup::as_select()).first(c).await.optional()
}

pub(crate) async fn lock(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<Signup>> {
    t::table.find(token_hash).select(Signup::as_select()).lock().get_result(c).await.optional()
}

pub(crate) async fn delete(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<()> {
    diesel::delete(t::table.find(token_hash)).execute(c).await.map(drop)
}

pub(crate) async fn delete_older(c: &mut DbConnection, expired_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.lt(expired_before))).execute(c).await
}
