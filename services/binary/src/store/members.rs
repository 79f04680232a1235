//! Members, projected from the events of auth.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Side, UserId};

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct MemberRow {
    pub user_id: UserId,
    pub version: i64,
    pub name: String,
    /// Fixed at registration.
    pub referrer_id: Option<UserId>,
    pub preferred_side: Option<Side>,
    pub is_distributor: bool,
}

/// The known ones of these members.
pub async fn find_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<MemberRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    members::table.filter(members::user_id.any_of(ids)).select(MemberRow::as_select()).load(c).await
}

/// One member; `None` when unknown.
pub async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<MemberRow>> {
    members::table.find(id).select(MemberRow::as_select()).first(c).await.optional()
}

/// Inserts new members.
pub async fn insert(c: &mut DbConnection, rows: Vec<MemberRow>) -> QueryResult<()> {
    insert_many(c, members::table, rows).await.map(drop)
}

/// Updates the columns that may change after registration.
pub async fn update(c: &mut DbConnection, row: &MemberRow) -> QueryResult<()> {
    diesel::update(members::table.find(row.user_id))
        .set((
            members::version.eq(row.version),
            members::name.eq(&row.name),
            members::preferred_side.eq(row.preferred_side),
            members::is_distributor.eq(row.is_distributor),
        ))
        .execute(c)
        .await
        .map(drop)
}
