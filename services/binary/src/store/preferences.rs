//! The legs that members chose for themselves.

use crate::schema::preferred_sides;
use db::{AnyOfExt, DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Side, Timestamp, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = preferred_sides, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Preference {
    pub user_id: UserId,
    /// None: either.
    pub side: Option<Side>,
    pub chosen_at: Timestamp,
}

pub async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<Preference>> {
    preferred_sides::table.find(id).select(Preference::as_select()).first(c).await.optional()
}

pub async fn find_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Preference>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let some = preferred_sides::table.filter(preferred_sides::user_id.any_of(ids));
    some.select(Preference::as_select()).load(c).await
}

pub async fn save(c: &mut DbConnection, row: Preference) -> QueryResult<()> {
    diesel::insert_into(preferred_sides::table)
        .values(row)
        .on_conflict_set(
            &[preferred_sides::user_id::NAME],
            &[preferred_sides::side::NAME, preferred_sides::chosen_at::NAME],
        )
        .execute(c)
        .await
        .map(drop)
}
