//! What other services report of our people, a batch of events at a time.

use super::publish_user;
use crate::domain::kyc::Upload;
use crate::domain::standing::{Fact, Standing};
use crate::error::AuthError;
use crate::store::documents;
use crate::store::users;
use db::DbConnection;
use domain::UserId;
use std::collections::BTreeMap;

/// Longest kind of a document that is kept.
pub(crate) const MAX_KIND: usize = 50;

/// Applies what a batch says of each member: one read for all of them, and one write for those whose rows change.
///
/// Errors with `NotFound` when nobody has one of the ids; the batch is then handled event by event.
pub(crate) async fn apply_facts(c: &mut DbConnection, facts: &BTreeMap<UserId, Vec<Fact>>) -> Result<(), AuthError> {
    let ids: Vec<UserId> = facts.keys().copied().collect();
    let members = users::lock_all(c, &ids).await?;
    if members.len() != ids.len() {
        return Err(AuthError::NotFound);
    }
    let mut changed = Vec::new();
    for mut user in members {
        let known =
            Standing { version: user.standing_version, is_active_buyer: user.is_active_buyer, placed: user.placed };
        let reported = facts.get(&user.id).map(Vec::as_slice).unwrap_or_default();
        let (after, changed_at) = known.after(reported);
        if after == known {
            continue;
        }
        user.standing_version = after.version;
        user.is_active_buyer = after.is_active_buyer;
        user.placed = after.placed;
        user.version += i64::from(changed_at.is_some());
        if let Some(at) = changed_at {
            publish_user::publish(c, &user, at).await?;
        }
        changed.push(user);
    }
    Ok(users::save_standings(c, changed).await?)
}

/// Records documents that are not recorded yet.
pub(crate) async fn note_documents(c: &mut DbConnection, uploaded: Vec<Upload>) -> Result<(), AuthError> {
    Ok(documents::insert_new(c, uploaded).await?)
}
