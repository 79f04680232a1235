//! Causes that were decided and moved nothing. Rows are only ever added.

use super::entries::CauseId;
use crate::domain::{EntryId, EntryKind, ForfeitReason};
use crate::schema::forfeits;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = forfeits, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ForfeitRow {
    /// What the entry's id would have been.
    pub id: EntryId,
    pub user_id: UserId,
    pub kind: EntryKind,
    pub cause_id: CauseId,
    pub amount_paise: Money,
    pub reason: ForfeitReason,
    pub inputs: String,
    pub at: Timestamp,
    pub posted_at: Timestamp,
}

pub async fn insert(c: &mut DbConnection, rows: Vec<ForfeitRow>) -> QueryResult<()> {
    insert_many(c, forfeits::table, rows).await.map(drop)
}

/// Of these entries, those that were forfeited instead of posted.
pub async fn among(c: &mut DbConnection, ids: &[EntryId]) -> QueryResult<Vec<EntryId>> {
    forfeits::table.filter(forfeits::id.any_of(ids)).select(forfeits::id).load(c).await
}

/// Newest first, with the position to go on after.
pub async fn page(
    c: &mut DbConnection,
    user_id: Option<UserId>,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(i64, ForfeitRow)>> {
    let mut query = forfeits::table.into_boxed::<db::MultiBackend>();
    if let Some(user_id) = user_id {
        query = query.filter(forfeits::user_id.eq(user_id));
    }
    if let Some(after) = after {
        query = query.filter(forfeits::position.lt(after));
    }
    query
        .order(forfeits::position.desc())
        .limit(limit)
        .select((forfeits::position, ForfeitRow::as_select()))
        .load(c)
        .await
}
