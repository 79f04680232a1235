//! `sessions` and the `refresh_tokens` that keep them alive; tokens as hashes only.

use crate::domain::otp::CodeId;
use crate::domain::session::SessionId;
use crate::schema::{refresh_tokens, sessions};
use db::{AnyOfExt, DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// Of its newest refresh token.
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// The code that opened it, which opens no other.
    pub(crate) code_id: Option<CodeId>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct RefreshToken {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// `false` where the code has opened a session before.
pub(crate) async fn insert(c: &mut DbConnection, session: &Session) -> QueryResult<bool> {
    inserted(diesel::insert_into(sessions::table).values(session).execute(c).await)
}

pub(crate) async fn lock(c: &mut DbConnection, id: SessionId) -> QueryResult<Option<Session>> {
    sessions::table.find(id).select(Session::as_select()).lock().get_result(c).await.optional()
}

/// A user's sessions that have not ended, locked.
pub(crate) async fn lock_live_of(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .order(sessions::id)
        .select(Session::as_select())
        .lock()
        .load(c)
        .await
}

/// A user's sessions that are alive, newest first, from before `after`.
pub(crate) async fn live_of(
    c: &mut DbConnection,
    user: UserId,
    now: Timestamp,
    after: Option<SessionId>,
    limit: i64,
) -> QueryResult<Vec<Session>> {
    let mut query = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .limit(limit)
        .select(Session::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(sessions::id.lt(after));
    }
    query.load(c).await
}

pub(crate) async fn end(c: &mut DbConnection, id: SessionId, now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::ended_at.eq(Some(now))).execute(c).await.map(drop)
}

pub(crate) async fn touch(
    c: &mut DbConnection,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> QueryResult<()> {
    diesel::update(sessions::table.find(id))
        .set((sessions::last_used_at.eq(now), sessions::expires_at.eq(expires_at)))
        .execute(c)
        .await
        .map(drop)
}

pub(crate) async fn insert_token(c: &mut DbConnection, token: &RefreshToken) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table).values(token).execute(c).await.map(drop)
}

/// Where a token belongs. Tokens never change sessions, so this needs no lock.
pub(crate) async fn session_of_token(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<SessionId>> {
    refresh_tokens::table.find(token_hash).select(refresh_tokens::session_id).first(c).await.optional()
}

pub(crate) async fn lock_token(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<RefreshToken>> {
    refresh_tokens::table.find(token_hash).select(RefreshToken::as_select()).lock().get_result(c).await.optional()
}

pub(crate) async fn use_token(c: &mut DbConnection, token_hash: &[u8], now: Timestamp) -> QueryResult<()> {
    diesel::update(refresh_tokens::table.find(token_hash))
        .set(refresh_tokens::used_at.eq(Some(now)))
        .execute(c)
        .await
        .map(drop)
}

/// Forgets sessions that could not be refreshed since `expired_before`, with their tokens.
pub(crate) async fn delete_older(c: &mut DbConnection, expired_before: Timestamp, limit: i64) -> QueryResult<usize> {
    let old: Vec<SessionId> = sessions::table
        .filter(sessions::expires_at.lt(expired_before))
        .order(sessions::expires_at)
        .limit(limit)
        .select(sessions::id)
        .load(c)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.any_of(&old))).execute(c).await?;
    diesel::delete(sessions::table.filter(sessions::id.any_of(&old))).execute(c).await
}
