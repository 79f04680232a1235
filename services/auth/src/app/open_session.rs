//! Begins a session.

use crate::domain::otp::CodeId;
use crate::domain::session::{REFRESH_TTL_SECS, SessionId};
use crate::error::AuthError;
use crate::secrets;
use crate::store::sessions::{self, RefreshToken, Session};
use crate::store::users::User;
use chassis::id;
use db::DbConnection;
use domain::Timestamp;

/// Where a session is begun from; shown to its owner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) address: String,
    pub(crate) user_agent: String,
}

/// What the new tokens are made from.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
    pub(crate) refresh_token: String,
}

/// A code opens one session, whatever the cache says of it. `user` has to be locked: a change of rights ends the sessions there are, and must not miss this one.
pub(crate) async fn open_session(
    c: &mut DbConnection,
    user: User,
    device: &Device,
    code_id: Option<CodeId>,
    now: Timestamp,
) -> Result<Opened, AuthError> {
    if !user.is_active {
        return Err(AuthError::Inactive);
    }
    let session = Session {
        id: id::fresh(),
        user_id: user.id,
        address: device.address.chars().take(64).collect(),
        user_agent: device.user_agent.chars().take(200).collect(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_secs(REFRESH_TTL_SECS),
        ended_at: None,
        code_id,
    };
    if !sessions::insert(c, &session).await? {
        return Err(AuthError::CodeUsed);
    }
    let refresh_token = issue(c, session.id, now).await?;
    Ok(Opened { user, session_id: session.id, refresh_token })
}

/// A new refresh token for a session.
pub(crate) async fn issue(c: &mut DbConnection, session_id: SessionId, now: Timestamp) -> Result<String, AuthError> {
    let token = secrets::new_token();
    let row = RefreshToken {
        token_hash: secrets::token_hash(&token).to_vec(),
        session_id,
        issued_at: now,
        expires_at: now.plus_secs(REFRESH_TTL_SECS),
        used_at: None,
    };
    sessions::insert_token(c, &row).await?;
    Ok(token)
}
