//! Tables `sessions` and `refresh_tokens`. Tokens are stored as hashes only.

use crate::domain::otp::CodeId;
use crate::domain::session::SessionId;
use crate::schema::{refresh_tokens, sessions};
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A sign-in on one device.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// Expiry of the newest refresh token.
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// The one-time code that opened the session. Unique: a code opens one session.
    pub(crate) code_id: Option<CodeId>,
    /// When the owner last proved a one-time code; `None`: when the session was opened.
    pub(crate) proved_at: Option<Timestamp>,
    /// The one-time code of the last step-up. Unique.
    pub(crate) proof_code_id: Option<CodeId>,
}

impl Session {
    /// When the owner last proved a one-time code.
    pub(crate) fn proved_at(&self) -> Timestamp {
        self.proved_at.unwrap_or(self.created_at)
    }
}

/// A refresh token of a session; `used_at` is set when a new one has replaced it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct RefreshTokenRow {
    pub(crate) token_hash: Vec<u8>,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// Inserts a session; `false` when its code has opened a session before.
pub(crate) async fn insert(c: &mut DbConnection, session: &Session) -> QueryResult<bool> {
    inserted(diesel::insert_into(sessions::table).values(session).execute(c).await)
}

/// Finds and locks a session.
pub(crate) async fn lock(c: &mut DbConnection, id: SessionId) -> QueryResult<Option<Session>> {
    sessions::table.find(id).select(Session::as_select()).lock().get_result(c).await.optional()
}

/// Locks the sessions of a user that have not ended, in id order.
pub(crate) async fn lock_live(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .order(sessions::id)
        .select(Session::as_select())
        .lock()
        .load(c)
        .await
}

/// Lists the sessions of a user that have neither ended nor expired, by id, starting after the id `after`.
pub(crate) async fn list_live(
    c: &mut DbConnection,
    user: UserId,
    now: Timestamp,
    order: SortOrder,
    after: Option<SessionId>,
    limit: i64,
) -> QueryResult<Vec<Session>> {
    let query = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .limit(limit)
        .select(Session::as_select())
        .into_boxed::<db::MultiBackend>();
    keyset!(query, order, sessions::id, after).load(c).await
}

/// Sets the proof of a session; `false` when the code was proved for another session before.
pub(crate) async fn record_proof(
    c: &mut DbConnection,
    id: SessionId,
    code: Option<CodeId>,
    now: Timestamp,
) -> QueryResult<bool> {
    let opened = sessions::table.filter(sessions::code_id.eq(code)).select(sessions::id);
    if code.is_some() && opened.first::<SessionId>(c).await.optional()?.is_some() {
        return Ok(false);
    }
    let proof = (sessions::proved_at.eq(Some(now)), sessions::proof_code_id.eq(code));
    inserted(diesel::update(sessions::table.find(id)).set(proof).execute(c).await)
}

/// Marks a session as ended.
pub(crate) async fn end(c: &mut DbConnection, id: SessionId, now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::ended_at.eq(Some(now))).execute(c).await.map(drop)
}

/// Sets the last use and the new expiry of a session.
pub(crate) async fn record_use(
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

/// Inserts a refresh token.
pub(crate) async fn insert_refresh_token(c: &mut DbConnection, token: &RefreshTokenRow) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table).values(token).execute(c).await.map(drop)
}

/// Finds the session of a refresh token. A token never moves to another session, so no lock is needed.
pub(crate) async fn find_session_of_token(c: &mut DbConnection, token_hash: &[u8]) -> QueryResult<Option<SessionId>> {
    refresh_tokens::table.find(token_hash).select(refresh_tokens::session_id).first(c).await.optional()
}

/// Finds and locks a refresh token.
pub(crate) async fn lock_refresh_token(
    c: &mut DbConnection,
    token_hash: &[u8],
) -> QueryResult<Option<RefreshTokenRow>> {
    refresh_tokens::table.find(token_hash).select(RefreshTokenRow::as_select()).lock().get_result(c).await.optional()
}

/// Marks a refresh token as used.
pub(crate) async fn mark_refresh_token_used(
    c: &mut DbConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(refresh_tokens::table.find(token_hash))
        .set(refresh_tokens::used_at.eq(Some(now)))
        .execute(c)
        .await
        .map(drop)
}

/// Deletes at most `limit` sessions that expired before `expired_before`, with their tokens. Returns the number of
/// sessions.
pub(crate) async fn delete_expired(c: &mut DbConnection, expired_before: Timestamp, limit: i64) -> QueryResult<usize> {
    let expired: Vec<SessionId> = sessions::table
        .filter(sessions::expires_at.lt(expired_before))
        .order(sessions::expires_at)
        .limit(limit)
        .select(sessions::id)
        .load(c)
        .await?;
    if expired.is_empty() {
        return Ok(0);
    }
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.any_of(&expired))).execute(c).await?;
    diesel::delete(sessions::table.filter(sessions::id.any_of(&expired))).execute(c).await
}
