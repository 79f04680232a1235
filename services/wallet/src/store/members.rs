//! Registered members.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use std::collections::HashMap;

/// A registered member.
#[derive(Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct MemberRow {
    pub user_id: UserId,
    pub name: String,
    /// Version of the name; 0 for one that an earlier release stored.
    pub version: i64,
}

/// Adds members, or changes the names of those that are stored with an older version. `rows` has at most one row a
/// member. A row that is stored already is not written.
pub async fn save_newer(c: &mut DbConnection, mut rows: Vec<MemberRow>) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let stored = members::table.filter(members::user_id.any_of(&ids)).select((members::user_id, members::version));
    let stored: HashMap<UserId, i64> = stored.load::<(UserId, i64)>(c).await?.into_iter().collect();
    rows.retain(|row| stored.get(&row.user_id).is_none_or(|version| *version < row.version));
    if rows.is_empty() {
        return Ok(());
    }
    upsert_newer(c, members::table, rows, &["user_id"], &["name"], "version").await
}

/// The names of those of these members that are stored.
pub async fn list_names(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<HashMap<UserId, String>> {
    let stored = members::table.filter(members::user_id.any_of(ids)).select((members::user_id, members::name));
    Ok(stored.load::<(UserId, String)>(c).await?.into_iter().collect())
}

/// Finds the name of a member.
pub async fn find_name(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<String>> {
    members::table.find(user_id).select(members::name).first(c).await.optional()
}
