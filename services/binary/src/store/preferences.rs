//! Preferred sides chosen by members.

use crate::schema::preferred_sides;
use db::{AnyOfExt, DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Side, Timestamp, UserId};

/// The choice of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = preferred_sides, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PreferenceRow {
    pub user_id: UserId,
    /// `None`: no preference.
    pub side: Option<Side>,
    pub chosen_at: Timestamp,
}

/// The choice of one member; `None` when the member made none.
pub async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<PreferenceRow>> {
    preferred_sides::table.find(id).select(PreferenceRow::as_select()).first(c).await.optional()
}

/// The choices of these members.
pub async fn find_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<PreferenceRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = preferred_sides::table.filter(preferred_sides::user_id.any_of(ids));
    chosen.select(PreferenceRow::as_select()).load(c).await
}

/// Inserts or replaces the choice of a member.
pub async fn save(c: &mut DbConnection, row: PreferenceRow) -> QueryResult<()> {
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
