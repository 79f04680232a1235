//! Registered members.

use crate::schema::members;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;

/// Adds a member, or changes the name of one.
pub async fn save(c: &mut DbConnection, user_id: UserId, name: &str) -> QueryResult<()> {
    if self::find_name(c, user_id).await?.as_deref() == Some(name) {
        return Ok(());
    }
    diesel::insert_into(members::table)
        .values((members::user_id.eq(user_id), members::name.eq(name)))
        .on_conflict_set(&["user_id"], &["name"])
        .execute(c)
        .await
        .map(drop)
}

/// Finds the name of a member.
pub async fn find_name(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<String>> {
    members::table.find(user_id).select(members::name).first(c).await.optional()
}
