//! Table `user_words`: search words, each with the users that have it.

use crate::domain::search;
use crate::schema::{user_words as t, users};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use std::collections::BTreeSet;

#[derive(Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct UserWordRow {
    word: String,
    user_id: UserId,
}

/// Replaces the words of a user by `words`; writes only the differences.
pub(crate) async fn save(c: &mut DbConnection, user: UserId, words: BTreeSet<String>) -> QueryResult<()> {
    let stored: BTreeSet<String> =
        t::table.filter(t::user_id.eq(user)).select(t::word).load::<String>(c).await?.into_iter().collect();
    let removed: Vec<String> = stored.difference(&words).cloned().collect();
    if !removed.is_empty() {
        diesel::delete(t::table.filter(t::user_id.eq(user)).filter(t::word.any_of(&removed))).execute(c).await?;
    }
    insert(c, user, words.difference(&stored).cloned().collect()).await
}

/// Inserts the words of a user who has none.
pub(crate) async fn insert(c: &mut DbConnection, user: UserId, words: BTreeSet<String>) -> QueryResult<()> {
    let rows: Vec<UserWordRow> = words.into_iter().map(|word| UserWordRow { word, user_id: user }).collect();
    insert_many(c, t::table, rows).await.map(drop)
}

/// Lists users whose words are missing or of an older version.
pub(crate) async fn list_outdated(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::words_version.lt(search::WORDS_VERSION))
        .order((users::words_version, users::id))
        .limit(limit)
        .select(users::id)
        .load(c)
        .await
}
