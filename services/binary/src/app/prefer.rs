//! A member chooses the leg to be placed in.

use crate::domain::TreeError;
use crate::error::Failure;
use crate::store::preferences::{self, Preference};
use crate::store::{journal, nodes};
use db::DbConnection;
use domain::{Side, Timestamp, UserId};

/// Saves the choice of a member who has no place yet. A placement at the same time comes before it or after it.
pub async fn prefer(c: &mut DbConnection, user: UserId, side: Option<Side>, now: Timestamp) -> Result<(), Failure> {
    journal::lock_head(c).await?;
    if nodes::has(c, user).await? {
        return Err(TreeError::AlreadyPlaced(user).into());
    }
    Ok(preferences::save(c, Preference { user_id: user, side, chosen_at: now }).await?)
}
