//! Table of members and staff: role, and whose documents are erased.

use crate::schema::members;
use db::{DbConnection, LockExt, UpsertExt, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Role, Timestamp, UserId};

/// A member or member of staff as last published. The version is 0 before the first event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub version: i64,
    pub role: Role,
    pub is_active: bool,
    /// When the member's documents were erased.
    pub erased_at: Option<Timestamp>,
}

impl Member {
    /// The row of a member of whom no event has arrived yet.
    fn unknown(user_id: UserId) -> Self {
        Self { user_id, version: 0, role: Role::User, is_active: true, erased_at: None }
    }
}

/// Saves role and activity of the rows with a newer version. `rows` has at most one row a member.
pub async fn save_newer(c: &mut DbConnection, rows: Vec<Member>) -> QueryResult<()> {
    use members as t;
    let columns = &[t::role::NAME, t::is_active::NAME];
    upsert_newer(c, t::table, rows, &[t::user_id::NAME], columns, t::version::NAME).await
}

/// Finds a member.
pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Member>> {
    members::table.find(user_id).select(Member::as_select()).first(c).await.optional()
}

/// Locks and loads a member, after inserting the row if it is missing.
pub async fn lock(c: &mut DbConnection, user_id: UserId) -> QueryResult<Member> {
    let unknown = Member::unknown(user_id);
    let ensure = diesel::insert_into(members::table).values(&unknown);
    ensure.on_conflict_set(&["user_id"], &[]).execute(c).await?;
    members::table.find(user_id).select(Member::as_select()).lock().get_result(c).await
}

/// Records that the member's documents are erased.
pub async fn set_erased(c: &mut DbConnection, user_id: UserId, at: Timestamp) -> QueryResult<()> {
    diesel::update(members::table.find(user_id)).set(members::erased_at.eq(Some(at))).execute(c).await.map(drop)
}
