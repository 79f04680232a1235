//! What administrators do to people.

use super::end_session::{self, Ended};
use super::publish_user;
use super::register::{self, Newcomer};
use crate::domain::identifier::Identifier;
use crate::domain::person::{self, AdminChange, Rights, RightsChange};
use crate::error::AuthError;
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Role, Timestamp, UserId};

pub(crate) async fn create(
    c: &mut DbConnection,
    email: Identifier,
    mobile: Option<Identifier>,
    name: String,
    role: Role,
    now: Timestamp,
) -> Result<User, AuthError> {
    let newcomer =
        Newcomer { email: Some(email), mobile, name: Some(name), role, referrer_id: None, preferred_side: None };
    register::register(c, &newcomer, now).await
}

/// The user after the change, and the sessions it ended.
pub(crate) async fn change_rights(
    c: &mut DbConnection,
    subject: UserId,
    change: AdminChange,
    actor: UserId,
    now: Timestamp,
) -> Result<(User, Vec<Ended>), AuthError> {
    let admins = users::lock_active_admins(c).await?;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let rights = Rights { role: user.role, is_distributor: user.is_distributor, is_active: user.is_active };
    let (after, ended) = match person::change_rights(subject, rights, change, actor, &admins)? {
        RightsChange::Unchanged => return Ok((user, Vec::new())),
        RightsChange::Relabelled(after) => (after, Vec::new()),
        RightsChange::Changed(after) => (after, end_session::end_all(c, subject, now).await?),
    };
    user.role = after.role;
    user.is_distributor = after.is_distributor;
    user.is_active = after.is_active;
    publish_user::updated(c, &mut user, now).await?;
    Ok((user, ended))
}
