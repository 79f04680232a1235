//! Registered members.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, upsert_many};
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
}

/// Adds members, or changes the names of those that are stored. A row that is stored already is not written.
pub async fn save(c: &mut DbConnection, mut rows: Vec<MemberRow>) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let stored = list_names(c, &ids).await?;
    rows.retain(|row| stored.get(&row.user_id) != Some(&row.name));
    if rows.is_empty() {
        return Ok(());
    }
    upsert_many(c, members::table, rows, &["user_id"], &["name"]).await
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
