//! Application of events of other services, one batch at a time.

use super::publish_user;
use crate::domain::kyc::UploadedDocument;
use crate::domain::member_state::{MemberEvent, MemberState};
use crate::error::AuthError;
use crate::store::documents;
use crate::store::users;
use db::{DbConnection, Version};
use domain::UserId;
use messaging::outbox;
use std::collections::BTreeMap;

/// Longer kinds of documents are cut.
pub(crate) const MAX_DOCUMENT_KIND_CHARS: usize = 50;

/// Applies the events of a batch to their members: one read for all members, one write for those that change, and one
/// for the events that report the changes.
///
/// Errors with `UnknownMember` when a member does not exist; the consumer then handles the batch event by event.
pub(crate) async fn apply_member_events(
    c: &mut DbConnection,
    events: &BTreeMap<UserId, Vec<MemberEvent>>,
) -> Result<(), AuthError> {
    let ids: Vec<UserId> = events.keys().copied().collect();
    let members = users::lock_all(c, &ids).await?;
    if members.len() != ids.len() {
        return Err(AuthError::UnknownMember);
    }
    let (mut changed, mut updates) = (Vec::new(), Vec::new());
    for mut user in members {
        let before =
            MemberState { version: user.standing_version, is_active_buyer: user.is_active_buyer, placed: user.placed };
        let own_events = events.get(&user.id).map(Vec::as_slice).unwrap_or_default();
        let (after, changed_at) = before.apply(own_events);
        if after == before {
            continue;
        }
        user.standing_version = after.version;
        user.is_active_buyer = after.is_active_buyer;
        user.placed = after.placed;
        if let Some(at) = changed_at {
            user.version = Version::new(user.version.get() + 1);
            updates.push(publish_user::updated_event(&user, at));
        }
        changed.push(user);
    }
    outbox::publish_all(c, updates).await?;
    Ok(users::save_member_states(c, changed).await?)
}

/// Records uploaded documents; skips those that are already recorded.
pub(crate) async fn record_documents(c: &mut DbConnection, uploaded: Vec<UploadedDocument>) -> Result<(), AuthError> {
    Ok(documents::insert_new(c, uploaded).await?)
}
