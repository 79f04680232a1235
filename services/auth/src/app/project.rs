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

/// What a payment, or the refund of one, says of its payer.
pub(crate) struct Paid {
    pub(crate) member: UserId,
    pub(crate) version: i64,
    pub(crate) is_active_buyer: bool,
    pub(crate) at: Timestamp,
}

/// Whether the member is an Active Buyer, where the highest version is right.
pub(crate) async fn note_payment(c: &mut DbConnection, news: &Paid) -> Result<(), AuthError> {
    let mut user = users::lock(c, news.member).await?.ok_or(AuthError::NotFound)?;
    let Some(version) = person::newer_standing(user.standing_version, news.version) else { return Ok(()) };
    user.standing_version = version;
    if user.is_active_buyer != news.is_active_buyer {
        user.is_active_buyer = news.is_active_buyer;
        return publish_user::updated(c, &mut user, news.at).await;
    }
    Ok(users::save(c, &user).await?)
}

/// The member has a place in the tree, for good.
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
