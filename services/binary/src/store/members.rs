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
    /// `None`: not known yet.
    pub referral_code: Option<String>,
    /// Version of the derivation of the member's search words; 0 when there are none.
    pub words_version: i64,
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
const UPDATED_COLUMNS: [&str; 5] = [
    members::name::NAME,
    members::preferred_side::NAME,
    members::is_distributor::NAME,
    members::referral_code::NAME,
    members::words_version::NAME,
];

/// Inserts members, and updates the known ones whose version is lower.
pub async fn save_newer(c: &mut DbConnection, rows: Vec<MemberRow>) -> QueryResult<()> {
    let keys = &[members::user_id::NAME];
    upsert_newer(c, members::table, rows, keys, &UPDATED_COLUMNS, members::version::NAME).await
}

/// Members whose search words are missing or of a version before `version`.
pub async fn list_outdated(c: &mut DbConnection, version: i64, limit: i64) -> QueryResult<Vec<MemberRow>> {
    members::table
        .filter(members::words_version.lt(version))
        .order((members::words_version, members::user_id))
        .limit(limit)
        .select(MemberRow::as_select())
        .load(c)
        .await
}

/// Sets the version of the search words of these members.
pub async fn set_words_version(c: &mut DbConnection, ids: &[UserId], version: i64) -> QueryResult<()> {
    diesel::update(members::table.filter(members::user_id.any_of(ids)))
        .set(members::words_version.eq(version))
        .execute(c)
        .await
        .map(drop)
}
