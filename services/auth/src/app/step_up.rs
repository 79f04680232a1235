//! Renewed proof that the owner of a session is present.

use crate::domain::otp::CodeId;
use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::store::sessions;
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// Records that the owner of the session proved a code, and returns the owner. Errors with `Inactive` when the session
/// has ended or its owner is not active, and with `CodeUsed` when the code was proved before.
pub(crate) async fn step_up(
    c: &mut DbConnection,
    session: SessionId,
    user: UserId,
    code: Option<CodeId>,
    now: Timestamp,
) -> Result<User, AuthError> {
    let owner = users::lock(c, user).await?.filter(|user| user.is_active).ok_or(AuthError::Inactive)?;
    let live = sessions::lock(c, session).await?.filter(|row| row.user_id == user && row.ended_at.is_none());
    live.ok_or(AuthError::Inactive)?;
    if !sessions::record_proof(c, session, code, now).await? {
        return Err(AuthError::CodeUsed);
    }
    Ok(owner)
}
