//! Creation of users and changes of rights, both by administrators.

use super::end_session::{self, EndedSession};
use super::publish_user;
use super::register::{self, NewUser};
use crate::domain::identifier::Identifier;
use crate::domain::user::{self as user_rules, Rights, RightsChange, RightsUpdate};
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
    let new_user =
        NewUser { email: Some(email), mobile, name: Some(name), role, referrer_id: None, preferred_side: None };
    register::register(c, &new_user, now).await
}

/// Changes the rights of `subject`; returns the user and the sessions that the change ended.
///
/// Errors when `actor` is `subject` or is not an active administrator, and with `NotFound` for an unknown user.
pub(crate) async fn change_rights(
    c: &mut DbConnection,
    subject: UserId,
    update: RightsUpdate,
    actor: UserId,
    now: Timestamp,
) -> Result<(User, Vec<EndedSession>), AuthError> {
    let admins = users::lock_active_admins(c).await?;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let rights = Rights { role: user.role, is_distributor: user.is_distributor, is_active: user.is_active };
    let (after, ended) = match user_rules::decide_rights_change(subject, rights, update, actor, &admins)? {
        RightsChange::Unchanged => return Ok((user, Vec::new())),
        RightsChange::LabelOnly(after) => (after, Vec::new()),
        RightsChange::AccessChanged(after) => (after, end_session::end_all(c, subject, now).await?),
    };
    user.role = after.role;
    user.is_distributor = after.is_distributor;
    user.is_active = after.is_active;
    publish_user::save_and_publish(c, &mut user, now).await?;
    Ok((user, ended))
}
