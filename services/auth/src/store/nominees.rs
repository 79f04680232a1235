//! Table `nominees`: one row per member.

use crate::schema::nominees;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Timestamp, UserId};

/// Nominee of a member.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = nominees, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Nominee {
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    pub(crate) relationship: String,
    pub(crate) date_of_birth: Day,
    pub(crate) updated_at: Timestamp,
}

/// Finds the nominee of a member.
pub(crate) async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<Nominee>> {
    nominees::table.find(id).select(Nominee::as_select()).first(c).await.optional()
}

/// Inserts or replaces the nominee of a member.
pub(crate) async fn save(c: &mut DbConnection, nominee: &Nominee) -> QueryResult<()> {
    use nominees as t;
    diesel::insert_into(t::table)
        .values(nominee)
        .on_conflict_set(
            &[t::user_id::NAME],
            &[t::name::NAME, t::relationship::NAME, t::date_of_birth::NAME, t::updated_at::NAME],
        )
        .execute(c)
        .await
        .map(drop)
}

/// Deletes the nominee of a member; `false` when there was none.
pub(crate) async fn delete(c: &mut DbConnection, id: UserId) -> QueryResult<bool> {
    Ok(diesel::delete(nominees::table.find(id)).execute(c).await? > 0)
}
