//! Choice of the preferred side.

use crate::domain::TreeError;
use crate::error::BinaryError;
use crate::store::preferences::{self, PreferenceRow};
use crate::store::{journal, nodes};
use db::DbConnection;
use domain::{Side, Timestamp, UserId};

/// Saves the preferred side of a member. Locks the journal head, so a concurrent placement happens before or after.
/// Errors with `AlreadyPlaced` when the member is placed.
pub async fn choose_side(
    c: &mut DbConnection,
    user: UserId,
    side: Option<Side>,
    now: Timestamp,
) -> Result<(), BinaryError> {
    journal::lock_head(c).await?;
    if nodes::exists(c, user).await? {
        return Err(TreeError::AlreadyPlaced(user).into());
    }
    Ok(preferences::save(c, PreferenceRow { user_id: user, side, chosen_at: now }).await?)
}
