//! Registered members, stored so that manual entries for unknown members are refused.

use crate::store::members::{self, MemberRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;
use std::collections::BTreeMap;

/// Longest stored name, in characters. Longer names are cut; they are for display only.
const MAX_NAME_CHARS: usize = 255;

/// Stores members, or the new names of those that are stored, in the order of their ids. Of several names of one member
/// the last counts.
pub async fn save_all(c: &mut DbConnection, members: Vec<(UserId, String)>) -> QueryResult<()> {
    let by_id: BTreeMap<UserId, String> = members.into_iter().collect();
    let row =
        |(user_id, name): (UserId, String)| MemberRow { user_id, name: name.chars().take(MAX_NAME_CHARS).collect() };
    members::save(c, by_id.into_iter().map(row).collect()).await
}
