//! What has to be there before the first request: somebody who may do everything.

use super::publish_user;
use super::register::{self, Newcomer};
use crate::domain::identifier::Identifier;
use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Timestamp};

/// Makes `email` an administrator, unless it belongs to somebody and there is an administrator: then whoever
/// took a role away meant it.
pub(crate) async fn ensure_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<(), AuthError> {
    let Some(known) = users::find_by_identifier(c, email).await? else {
        let newcomer = Newcomer {
            email: Some(email.clone()),
            mobile: None,
            name: Some("Administrator".to_owned()),
            role: Role::Admin,
            referrer_id: None,
            preferred_side: None,
        };
        return match register::register(c, &newcomer, now).await {
            // Another instance was faster.
            Ok(_) | Err(AuthError::EmailTaken) => Ok(()),
            Err(error) => Err(error),
        };
    };
    if !users::lock_active_admins(c).await?.is_empty() {
        return Ok(());
    }
    let mut user = users::lock(c, known.id).await?.ok_or(AuthError::NotFound)?;
    user.role = Role::Admin;
    user.is_active = true;
    publish_user::updated(c, &mut user, now).await
}

/// Makes `email` an administrator whoever else is one: an operator asked for it. `false` when it was one.
pub(crate) async fn grant_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<bool, AuthError> {
    let Some(known) = users::find_by_identifier(c, email).await? else {
        ensure_admin(c, email, now).await?;
        return Ok(true);
    };
    let mut user = users::lock(c, known.id).await?.ok_or(AuthError::NotFound)?;
    if user.role == Role::Admin && user.is_active {
        return Ok(false);
    }
    user.role = Role::Admin;
    user.is_active = true;
    publish_user::updated(c, &mut user, now).await?;
    Ok(true)
}
