//! Replacement of a refresh token.

use super::end_session::{self, EndedSession};
use super::open_session::{OpenedSession, issue_refresh_token};
use crate::domain::session::{PresentedToken, REFRESH_TTL_SECS, RefreshDecision};
use crate::error::AuthError;
use crate::secrets;
use crate::store::{sessions, users};
use db::DbConnection;
use domain::Timestamp;

/// Outcome of a presented refresh token.
pub(crate) enum RefreshOutcome {
    /// The token is unknown or expired, the session has ended, or the user is inactive.
    Refused,
    /// The token was used before; the session is ended. `None` when it had ended earlier.
    Reused(Option<EndedSession>),
    /// A new refresh token replaces the old one.
    Rotated(Box<OpenedSession>),
}

/// Replaces a refresh token by a new one; a token that was used before ends its session.
pub(crate) async fn refresh_session(
    c: &mut DbConnection,
    token: &str,
    now: Timestamp,
) -> Result<RefreshOutcome, AuthError> {
    let hash = secrets::token_hash(token);
    let Some(session_id) = sessions::find_session_of_token(c, &hash).await? else {
        return Ok(RefreshOutcome::Refused);
    };
    // Locks the session before the token, so that changes of one session are serialized.
    let Some(session) = sessions::lock(c, session_id).await? else {
        return Ok(RefreshOutcome::Refused);
    };
    let (Some(stored), Some(user)) =
        (sessions::lock_refresh_token(c, &hash).await?, users::find(c, session.user_id).await?)
    else {
        return Ok(RefreshOutcome::Refused);
    };
    let presented = PresentedToken {
        expires_at: stored.expires_at,
        is_used: stored.used_at.is_some(),
        has_session_ended: session.ended_at.is_some(),
        is_owner_active: user.is_active,
    };
    match presented.decide(now) {
        RefreshDecision::Refuse => Ok(RefreshOutcome::Refused),
        RefreshDecision::Reused => Ok(RefreshOutcome::Reused(end_session::end(c, &session, now).await?)),
        RefreshDecision::Rotate => {
            sessions::mark_refresh_token_used(c, &hash, now).await?;
            let refresh_token = issue_refresh_token(c, session_id, now).await?;
            sessions::record_use(c, session_id, now, now.plus_secs(REFRESH_TTL_SECS)).await?;
            Ok(RefreshOutcome::Rotated(Box::new(OpenedSession {
                user,
                session_id,
                refresh_token,
                proved_at: session.proved_at(),
            })))
        }
    }
}
