//! Start of a session.

use crate::domain::otp::CodeId;
use crate::domain::session::{REFRESH_TTL_SECS, SessionId};
use crate::error::AuthError;
use crate::secrets;
use crate::store::sessions::{self, RefreshTokenRow, Session};
use crate::store::users::User;
use db::DbConnection;
use domain::Timestamp;
use runtime::id;

/// Longer values are cut, as the columns are that long.
const MAX_ADDRESS_CHARS: usize = 64;
const MAX_USER_AGENT_CHARS: usize = 200;

/// Client that starts a session, shown in the owner's list of sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) address: String,
    pub(crate) user_agent: String,
}

/// A started or refreshed session, from which the new tokens are created.
#[derive(Debug)]
pub(crate) struct OpenedSession {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
    pub(crate) refresh_token: String,
    /// When its owner last proved a one-time code.
    pub(crate) proved_at: Timestamp,
}

/// Starts a session and issues its refresh token.
///
/// `user` has to be locked, so that a concurrent change of rights also ends this session.
/// Errors with `Inactive` for an inactive user, and with `CodeUsed` when `code_id` has opened a session before. The
/// database checks that even when the cache has lost the code.
pub(crate) async fn open_session(
    c: &mut DbConnection,
    user: User,
    device: &Device,
    code_id: Option<CodeId>,
    now: Timestamp,
) -> Result<OpenedSession, AuthError> {
    if !user.is_active {
        return Err(AuthError::Inactive);
    }
    let session = Session {
        id: id::fresh(),
        user_id: user.id,
        address: device.address.chars().take(MAX_ADDRESS_CHARS).collect(),
        user_agent: device.user_agent.chars().take(MAX_USER_AGENT_CHARS).collect(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_secs(REFRESH_TTL_SECS),
        ended_at: None,
        code_id,
        proved_at: Some(now),
        proof_code_id: None,
    };
    if !sessions::insert(c, &session).await? {
        return Err(AuthError::CodeUsed);
    }
    let refresh_token = issue_refresh_token(c, session.id, now).await?;
    Ok(OpenedSession { user, session_id: session.id, refresh_token, proved_at: now })
}

/// Issues a new refresh token for a session.
pub(crate) async fn issue_refresh_token(
    c: &mut DbConnection,
    session_id: SessionId,
    now: Timestamp,
) -> Result<String, AuthError> {
    let token = secrets::new_token();
    let row = RefreshTokenRow {
        token_hash: secrets::token_hash(&token).to_vec(),
        session_id,
        issued_at: now,
        expires_at: now.plus_secs(REFRESH_TTL_SECS),
        used_at: None,
    };
    sessions::insert_refresh_token(c, &row).await?;
    Ok(token)
}
