//! Creation of administrators at the start and by operators.

use super::publish_user;
use super::register::{self, NewUser};
use crate::domain::identifier::Identifier;
use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Timestamp};

/// Ensures that there is an administrator: creates one with `email`, or promotes the user with this address.
///
/// Leaves an existing user unchanged while any administrator is active, as their role may have been removed on purpose.
pub(crate) async fn ensure_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<(), AuthError> {
    let Some(existing) = users::find_by_identifier(c, email).await? else {
        let new_user = NewUser {
            email: Some(email.clone()),
            mobile: None,
            name: Some("Administrator".to_owned()),
            role: Role::Admin,
            referrer_id: None,
            preferred_side: None,
        };
        return match register::register(c, &new_user, now).await {
            // Another instance has created the administrator meanwhile.
            Ok(_) | Err(AuthError::EmailTaken) => Ok(()),
            Err(error) => Err(error),
        };
    };
    if !users::lock_active_admins(c).await?.is_empty() {
        return Ok(());
    }
    let mut user = users::lock(c, existing.id).await?.ok_or(AuthError::NotFound)?;
    user.role = Role::Admin;
    user.is_active = true;
    publish_user::save_and_publish(c, &mut user, now).await
}

/// Makes the user with this address an active administrator, creating the user when there is none.
///
/// Returns `false` when the user already is an active administrator.
pub(crate) async fn grant_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<bool, AuthError> {
    let Some(existing) = users::find_by_identifier(c, email).await? else {
        ensure_admin(c, email, now).await?;
        return Ok(true);
    };
    let mut user = users::lock(c, existing.id).await?.ok_or(AuthError::NotFound)?;
    if user.role == Role::Admin && user.is_active {
        return Ok(false);
    }
    user.role = Role::Admin;
    user.is_active = true;
    publish_user::save_and_publish(c, &mut user, now).await?;
    Ok(true)
}
