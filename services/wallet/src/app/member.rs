//! Registered members, stored so that manual entries for unknown members are refused.

use crate::store::members;
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;

/// Longest stored name, in characters. Longer names are cut; they are for display only.
const MAX_NAME_CHARS: usize = 255;

/// Stores a member, or the new name of one.
pub async fn save(c: &mut DbConnection, user_id: UserId, name: &str) -> QueryResult<()> {
    let name: String = name.chars().take(MAX_NAME_CHARS).collect();
    members::save(c, user_id, &name).await
}
