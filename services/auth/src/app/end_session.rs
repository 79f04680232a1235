//! End of sessions and revocation of their access tokens.

use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::secrets;
use crate::store::sessions::{self, Session};
use auth_token::revocation;
use auth_token::token::ACCESS_TTL_SECS;
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox;
use proto_events::auth::v1::SessionRevoked;

/// A session that was ended. After the commit the caller revokes its tokens in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub(crate) session_id: SessionId,
    /// Time after which every access token of the session has expired.
    pub(crate) expires_at: Timestamp,
}

/// Ends a locked session; `None` when it has already ended.
pub(crate) async fn end(
    c: &mut DbConnection,
    session: &Session,
    now: Timestamp,
) -> Result<Option<EndedSession>, AuthError> {
    if session.ended_at.is_some() {
        return Ok(None);
    }
    // Tokens expire at whole seconds, so one second is added.
    let expires_at = now.plus_secs(ACCESS_TTL_SECS + 1);
    sessions::end(c, session.id, now).await?;
    revocation::record(c, session.id.uuid(), expires_at).await?;
    let event = SessionRevoked {
        session_id: session.id.into(),
        user_id: session.user_id.into(),
        revoked_at: now.micros(),
        expires_at: expires_at.micros(),
    };
    outbox::publish(c, session.id, now, &event).await?;
    Ok(Some(EndedSession { session_id: session.id, expires_at }))
}

/// Ends one of `owner`'s sessions. Errors with `NotFound` when it does not exist or belongs to another user.
pub(crate) async fn end_own(
    c: &mut DbConnection,
    owner: UserId,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<EndedSession>, AuthError> {
    let session = sessions::lock(c, id).await?.filter(|s| s.user_id == owner).ok_or(AuthError::NotFound)?;
    end(c, &session, now).await
}

/// Ends the current session, and the session of `refresh_token` when it is another one of the same user.
pub(crate) async fn log_out(
    c: &mut DbConnection,
    owner: UserId,
    current: SessionId,
    refresh_token: Option<&str>,
    now: Timestamp,
) -> Result<Vec<EndedSession>, AuthError> {
    let mut ids = vec![current];
    if let Some(token) = refresh_token {
        ids.extend(sessions::find_session_of_token(c, &secrets::token_hash(token)).await?);
    }
    ids.sort();
    ids.dedup();
    let mut ended = Vec::new();
    for id in ids {
        if let Some(session) = sessions::lock(c, id).await?.filter(|s| s.user_id == owner) {
            ended.extend(end(c, &session, now).await?);
        }
    }
    Ok(ended)
}

/// Ends all sessions of a user, except the one that is `kept`.
pub(crate) async fn end_all(
    c: &mut DbConnection,
    owner: UserId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<EndedSession>, AuthError> {
    let mut ended = Vec::new();
    for session in sessions::lock_live(c, owner).await?.iter().filter(|session| Some(session.id) != kept) {
        ended.extend(end(c, session, now).await?);
    }
    Ok(ended)
}
