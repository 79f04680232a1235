//! Table `signups`: unfinished sign-ups with an encrypted profile.

use crate::schema::signups as t;
use db::{DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// A sign-up that waits for the verification of its two codes.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct SignupRow {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) expires_at: Timestamp,
}

/// Inserts a sign-up.
pub(crate) async fn insert(c: &mut DbConnection, signup: &SignupRow) -> QueryResult<()> {
    diesel::insert_into(t::table).values(signup).execute(c).await.map(drop)
}

/// Finds a sign-up by the hash of its token.
pub(crate) async fn find(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<SignupRow>> {
    t::table.find(token_hash).select(SignupRow::as_select()).first(c).await.optional()
}

/// Finds and locks a sign-up.
pub(crate) async fn lock(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<SignupRow>> {
    t::table.find(token_hash).select(SignupRow::as_select()).lock().get_result(c).await.optional()
}

/// Deletes a sign-up.
pub(crate) async fn delete(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<()> {
    diesel::delete(t::table.find(token_hash)).execute(c).await.map(drop)
}

/// Deletes sign-ups that expired before `expired_before`.
pub(crate) async fn delete_expired(c: &mut DbConnection, expired_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.lt(expired_before))).execute(c).await
}
