//! Names of the users on a page of a list.

use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::UserId;
use std::collections::BTreeMap;

/// Names of users by id.
pub(super) struct Names(BTreeMap<UserId, String>);

impl Names {
    /// Loads the names of these users, by one statement for all.
    pub(super) async fn load(c: &mut DbConnection, users: impl Iterator<Item = UserId>) -> Result<Self, AuthError> {
        let mut ids: Vec<UserId> = users.collect();
        ids.sort();
        ids.dedup();
        let found = users::list_names(c, &ids).await?;
        Ok(Self(found.into_iter().map(|user| (user.id, user.name)).collect()))
    }

    /// The name of a user. Errors with `UnknownMember` when there is no such user.
    pub(super) fn of(&self, user: UserId) -> Result<String, AuthError> {
        self.0.get(&user).cloned().ok_or(AuthError::UnknownMember)
    }
}
