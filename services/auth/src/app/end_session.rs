//! Ends sessions: their access tokens stop working everywhere.

use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::secrets;
use crate::store::sessions::{self, Session};
use chassis::auth::revocation;
use chassis::auth::token::ACCESS_TTL_SECS;
use chassis::events::outbox;
use db::DbConnection;
use domain::{Timestamp, UserId};
use proto_events::auth::v1::SessionRevoked;

/// After the commit, the cache has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) session_id: SessionId,
    /// No access token of the session is alive after this.
    pub(crate) expires_at: Timestamp,
}

/// Ends a session that is locked; `None` where it had ended before.
pub(crate) async fn end(c: &mut DbConnection, session: &Session, now: Timestamp) -> Result<Option<Ended>, AuthError> {
    if session.ended_at.is_some() {
        return Ok(None);
    }
    // A second on top: tokens expire at whole seconds.
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
    Ok(Some(Ended { session_id: session.id, expires_at }))
}

/// Ends one of `owner`'s sessions. Somebody else's is not found.
pub(crate) async fn end_own(
    c: &mut DbConnection,
    owner: UserId,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Ended>, AuthError> {
    let session = sessions::lock(c, id).await?.filter(|s| s.user_id == owner).ok_or(AuthError::NotFound)?;
    end(c, &session, now).await
}

/// Ends the session at hand, and that of `refresh_token` where it is another of the same person's.
pub(crate) async fn log_out(
    c: &mut DbConnection,
    owner: UserId,
    current: SessionId,
    refresh_token: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Ended>, AuthError> {
    let mut ids = vec![current];
    if let Some(token) = refresh_token {
        ids.extend(sessions::session_of_token(c, &secrets::token_hash(token)).await?);
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

/// Ends everything a person is signed in with.
pub(crate) async fn end_all(c: &mut DbConnection, owner: UserId, now: Timestamp) -> Result<Vec<Ended>, AuthError> {
    let mut ended = Vec::new();
    for session in sessions::lock_live_of(c, owner).await? {
        ended.extend(end(c, &session, now).await?);
    }
    Ok(ended)
}
