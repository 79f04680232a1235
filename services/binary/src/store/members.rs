//! Members, projected from the events of auth.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, upsert_newer};
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

/// Columns that may change after registration, besides the version.
const UPDATED_COLUMNS: [&str; 3] = [members::name::NAME, members::preferred_side::NAME, members::is_distributor::NAME];

/// Inserts members, and updates the known ones whose version is lower.
pub async fn save_newer(c: &mut DbConnection, rows: Vec<MemberRow>) -> QueryResult<()> {
    let keys = &[members::user_id::NAME];
    upsert_newer(c, members::table, rows, keys, &UPDATED_COLUMNS, members::version::NAME).await
}
