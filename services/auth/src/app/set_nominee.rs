//! A member names, renames or removes their nominee.

use crate::error::AuthError;
use crate::store::nominees::{self, Nominee};
use db::DbConnection;
use domain::UserId;

pub(crate) async fn set_nominee(c: &mut DbConnection, nominee: &Nominee) -> Result<(), AuthError> {
    Ok(nominees::save(c, nominee).await?)
}

pub(crate) async fn remove_nominee(c: &mut DbConnection, id: UserId) -> Result<(), AuthError> {
    if nominees::delete(c, id).await? { Ok(()) } else { Err(AuthError::NotFound) }
}
