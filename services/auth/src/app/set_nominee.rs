//! Setting and removal of the nominee of a member.

use crate::error::AuthError;
use crate::store::nominees::{self, Nominee};
use db::DbConnection;
use domain::UserId;

/// Saves the nominee, replacing an earlier one.
pub(crate) async fn set_nominee(c: &mut DbConnection, nominee: &Nominee) -> Result<(), AuthError> {
    Ok(nominees::save(c, nominee).await?)
}

/// Deletes the nominee. Errors with `NotFound` when there is none.
pub(crate) async fn delete_nominee(c: &mut DbConnection, id: UserId) -> Result<(), AuthError> {
    if nominees::delete(c, id).await? { Ok(()) } else { Err(AuthError::NotFound) }
}
