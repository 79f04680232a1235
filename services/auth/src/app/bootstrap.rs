//! Creation of administrators at the start and by operators.

use super::change_rights;
use super::end_session::EndedSession;
use super::register::{self, NewUser};
use crate::domain::identifier::Identifier;
use crate::domain::user::Locale;
use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Timestamp};

/// Ensures that there is an administrator: creates one with `email`, or promotes the user with this address. Returns
/// the sessions that the promotion ended.
///
/// Leaves an existing user unchanged while any administrator is active, as their role may have been removed on purpose.
pub(crate) async fn ensure_admin(
    c: &mut DbConnection,
    email: &Identifier,
    now: Timestamp,
) -> Result<Vec<EndedSession>, AuthError> {
    match users::find_by_identifier(c, email).await? {
        Some(user) if users::lock_active_admins(c).await?.is_empty() => {
            Ok(change_rights::grant_admin(c, user.id, now).await?.unwrap_or_default())
        }
        Some(_) => Ok(Vec::new()),
        None => create_admin(c, email, now).await.map(|()| Vec::new()),
    }
}

/// Makes the user with this address an active administrator, creating the user when there is none.
///
/// Returns `false` when the user already is an active administrator. The sessions of a promoted user end; the platform
/// revokes their tokens when it receives the events.
pub(crate) async fn grant_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<bool, AuthError> {
    match users::find_by_identifier(c, email).await? {
        Some(user) => Ok(change_rights::grant_admin(c, user.id, now).await?.is_some()),
        None => create_admin(c, email, now).await.map(|()| true),
    }
}

async fn create_admin(c: &mut DbConnection, email: &Identifier, now: Timestamp) -> Result<(), AuthError> {
    let new_user = NewUser {
        email: Some(email.clone()),
        mobile: None,
        name: Some("Administrator".to_owned()),
        role: Role::Admin,
        referrer_id: None,
        preferred_side: None,
        locale: Locale::default(),
        city: None,
    };
    match register::register(c, &new_user, now).await {
        // Another instance has created the administrator meanwhile.
        Ok(_) | Err(AuthError::EmailTaken) => Ok(()),
        Err(error) => Err(error),
    }
}
