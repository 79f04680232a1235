//! Creation of users and changes of rights, by administrators and by the operator.

use super::end_session::{self, EndedSession};
use super::publish_user;
use super::register::{self, NewUser};
use crate::domain::identifier::Identifier;
use crate::domain::user::{self as user_rules, Locale, Rights, RightsChange, RightsUpdate};
use crate::error::AuthError;
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Role, Timestamp, UserId};

/// Creates a user with a role. Errors with `EmailTaken` or `MobileTaken` when another user has the address.
pub(crate) async fn create_user(
    c: &mut DbConnection,
    email: Identifier,
    mobile: Option<Identifier>,
    name: String,
    role: Role,
    now: Timestamp,
) -> Result<User, AuthError> {
    let new_user = NewUser {
        email: Some(email),
        mobile,
        name: Some(name),
        role,
        referrer_id: None,
        preferred_side: None,
        locale: Locale::default(),
        city: None,
    };
    register::register(c, &new_user, now).await
}

/// A user whose rights were changed.
pub(crate) struct ChangedRights {
    pub(crate) before: Rights,
    pub(crate) user: User,
    /// The sessions that the change ended.
    pub(crate) ended: Vec<EndedSession>,
}

/// Changes the rights of `subject`.
///
/// Errors when `actor` is `subject` or is not an active administrator, and with `NotFound` for an unknown user.
pub(crate) async fn change_rights(
    c: &mut DbConnection,
    subject: UserId,
    update: RightsUpdate,
    actor: UserId,
    now: Timestamp,
) -> Result<ChangedRights, AuthError> {
    let admins = users::lock_active_admins(c).await?;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let before = rights(&user);
    let change = user_rules::decide_rights_change(subject, before, update, actor, &admins)?;
    let ended = apply(c, &mut user, change, now).await?;
    Ok(ChangedRights { before, user, ended })
}

/// Makes a user an active administrator on behalf of the operator; returns the sessions that the change ended. `None`
/// when the user already is one. Errors with `NotFound` for an unknown user.
pub(crate) async fn grant_admin(
    c: &mut DbConnection,
    subject: UserId,
    now: Timestamp,
) -> Result<Option<Vec<EndedSession>>, AuthError> {
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    match user_rules::decide_admin_grant(rights(&user)) {
        RightsChange::Unchanged => Ok(None),
        change @ (RightsChange::LabelOnly(_) | RightsChange::AccessChanged(_)) => {
            Ok(Some(apply(c, &mut user, change, now).await?))
        }
    }
}

fn rights(user: &User) -> Rights {
    Rights { role: user.role, is_distributor: user.is_distributor, is_active: user.is_active }
}

/// Saves and publishes a change of rights; returns the sessions that it ended.
async fn apply(
    c: &mut DbConnection,
    user: &mut User,
    change: RightsChange,
    now: Timestamp,
) -> Result<Vec<EndedSession>, AuthError> {
    let (after, ended) = match change {
        RightsChange::Unchanged => return Ok(Vec::new()),
        RightsChange::LabelOnly(after) => (after, Vec::new()),
        RightsChange::AccessChanged(after) => (after, end_session::end_all(c, user.id, None, now).await?),
    };
    user.role = after.role;
    user.is_distributor = after.is_distributor;
    user.is_active = after.is_active;
    publish_user::save_and_publish(c, user, now).await?;
    Ok(ended)
}
