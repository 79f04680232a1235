//! Search words, each with the members that have it.

use crate::schema::member_words;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use domain::search_words::prefix_end;

/// One word of a member.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = member_words, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct MemberWordRow {
    pub word: String,
    pub user_id: UserId,
}

/// Inserts new words.
pub async fn insert(c: &mut DbConnection, rows: Vec<MemberWordRow>) -> QueryResult<()> {
    insert_many(c, member_words::table, rows).await.map(drop)
}

/// Deletes all words of these members.
pub async fn delete_all_of(c: &mut DbConnection, members: &[UserId]) -> QueryResult<()> {
    if members.is_empty() {
        return Ok(());
    }
    diesel::delete(member_words::table.filter(member_words::user_id.any_of(members))).execute(c).await.map(drop)
}

/// Words that begin with `prefix`, after one word and member, ordered by both.
pub async fn list_prefixed_after(
    c: &mut DbConnection,
    prefix: &str,
    after: &MemberWordRow,
    limit: i64,
) -> QueryResult<Vec<MemberWordRow>> {
    let of_later_member = member_words::word.eq(&after.word).and(member_words::user_id.gt(after.user_id));
    member_words::table
        .filter(member_words::word.ge(&after.word))
        .filter(member_words::word.lt(prefix_end(prefix)))
        .filter(member_words::word.gt(&after.word).or(of_later_member))
        .order((member_words::word, member_words::user_id))
        .limit(limit)
        .select(MemberWordRow::as_select())
        .load(c)
        .await
}
