//! What others tell of our people.

use super::publish_user;
use crate::domain::kyc::DocumentId;
use crate::domain::person;
use crate::error::AuthError;
use crate::store::documents::{self, Document};
use crate::store::users;
use db::DbConnection;
use domain::{Timestamp, UserId};

const MAX_KIND: usize = 50;

/// A payment or refund says whether the member is an Active Buyer; the highest version is right.
pub(crate) async fn note_standing(
    c: &mut DbConnection,
    member: UserId,
    version: i64,
    is_active_buyer: bool,
    at: Timestamp,
) -> Result<(), AuthError> {
    let mut user = users::lock(c, member).await?.ok_or(AuthError::NotFound)?;
    let Some(version) = person::newer_standing(user.standing_version, version) else {
        return Ok(());
    };
    user.standing_version = version;
    if user.is_active_buyer == is_active_buyer {
        return Ok(users::save(c, &user).await?);
    }
    user.is_active_buyer = is_active_buyer;
    publish_user::updated(c, &mut user, at).await
}

/// A placed member cannot choose a side any more.
pub(crate) async fn note_placement(c: &mut DbConnection, member: UserId) -> Result<(), AuthError> {
    let mut user = users::lock(c, member).await?.ok_or(AuthError::NotFound)?;
    if user.placed {
        return Ok(());
    }
    user.placed = true;
    Ok(users::save(c, &user).await?)
}

pub(crate) async fn note_document(
    c: &mut DbConnection,
    id: DocumentId,
    owner: UserId,
    kind: &str,
    uploaded_at: Timestamp,
) -> Result<(), AuthError> {
    let kind = kind.chars().take(MAX_KIND).collect();
    documents::insert(c, &Document { id, user_id: owner, kind, uploaded_at }).await?;
    Ok(())
}
