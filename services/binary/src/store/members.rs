//! Members as auth tells of them.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Side, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub version: i64,
    pub name: String,
    /// Fixed at registration, for good.
    pub referrer_id: Option<UserId>,
    pub preferred_side: Option<Side>,
    pub is_distributor: bool,
}

pub async fn find_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    members::table.filter(members::user_id.any_of(ids)).select(Member::as_select()).load(c).await
}

pub async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<Member>> {
    members::table.find(id).select(Member::as_select()).first(c).await.optional()
}

pub async fn insert(c: &mut DbConnection, rows: Vec<Member>) -> QueryResult<()> {
    insert_many(c, members::table, rows).await.map(drop)
}

/// What may change after registration.
pub async fn update(c: &mut DbConnection, row: &Member) -> QueryResult<()> {
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
