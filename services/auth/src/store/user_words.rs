//! `user_words`: the words by which people are found, each with its people.

use crate::domain::search;
use crate::schema::{user_words as t, users};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use std::collections::BTreeSet;

#[derive(Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Word {
    word: String,
    user_id: UserId,
}

/// Makes `words` the words of a person; writes only what changes.
pub(crate) async fn save(c: &mut DbConnection, user: UserId, words: BTreeSet<String>) -> QueryResult<()> {
    let known: BTreeSet<String> =
        t::table.filter(t::user_id.eq(user)).select(t::word).load::<String>(c).await?.into_iter().collect();
    let gone: Vec<String> = known.difference(&words).cloned().collect();
    if !gone.is_empty() {
        diesel::delete(t::table.filter(t::user_id.eq(user)).filter(t::word.any_of(&gone))).execute(c).await?;
    }
    insert(c, user, words.difference(&known).cloned().collect()).await
}

/// Records the words of a person who had none.
pub(crate) async fn insert(c: &mut DbConnection, user: UserId, words: BTreeSet<String>) -> QueryResult<()> {
    let rows: Vec<Word> = words.into_iter().map(|word| Word { word, user_id: user }).collect();
    insert_many(c, t::table, rows).await.map(drop)
}

/// People whose words were made in an older way, or never.
pub(crate) async fn outdated(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::words_version.lt(search::WORDS_VERSION))
        .order((users::words_version, users::id))
        .limit(limit)
        .select(users::id)
        .load(c)
        .await
}
