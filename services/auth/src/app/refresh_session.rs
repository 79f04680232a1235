//! Replaces a refresh token; a token that was replaced before ends its session.

use super::end_session::{self, Ended};
use super::open_session::{Opened, issue};
use crate::domain::session::{REFRESH_TTL_SECS, Refresh, Shown};
use crate::error::AuthError;
use crate::secrets;
use crate::store::{sessions, users};
use db::DbConnection;
use domain::Timestamp;

pub(crate) enum Refreshed {
    Refused,
    /// Committed: the session has ended for everyone.
    Reused(Option<Ended>),
    Rotated(Box<Opened>),
}

pub(crate) async fn refresh_session(c: &mut DbConnection, token: &str, now: Timestamp) -> Result<Refreshed, AuthError> {
    let hash = secrets::token_hash(token);
    let Some(session_id) = sessions::session_of_token(c, &hash).await? else {
        return Ok(Refreshed::Refused);
    };
    // The session's lock comes first, so that what happens to a session happens one after the other.
    let Some(session) = sessions::lock(c, session_id).await? else {
        return Ok(Refreshed::Refused);
    };
    let (Some(stored), Some(user)) = (sessions::lock_token(c, &hash).await?, users::find(c, session.user_id).await?)
    else {
        return Ok(Refreshed::Refused);
    };
    let shown = Shown {
        expires_at: stored.expires_at,
        used: stored.used_at.is_some(),
        session_ended: session.ended_at.is_some(),
        owner_active: user.is_active,
    };
    match shown.judge(now) {
        Refresh::Refused => Ok(Refreshed::Refused),
        Refresh::Reused => Ok(Refreshed::Reused(end_session::end(c, &session, now).await?)),
        Refresh::Rotate => {
            sessions::use_token(c, &hash, now).await?;
            let refresh_token = issue(c, session_id, now).await?;
            sessions::touch(c, session_id, now, now.plus_secs(REFRESH_TTL_SECS)).await?;
            Ok(Refreshed::Rotated(Box::new(Opened { user, session_id, refresh_token })))
        }
    }
}
