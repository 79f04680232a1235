//! Forfeits: rejected causes, which moved no money. Rows are only added.

use super::entries::CauseId;
use crate::domain::{EntryId, EntryKind, RejectionReason};
use crate::schema::forfeits;
use db::{AnyOfExt, DbConnection, SortOrder, insert_many, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};

/// A row of `forfeits`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = forfeits, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ForfeitRow {
    /// The id that the entry would have had.
    pub id: EntryId,
    pub user_id: UserId,
    pub kind: EntryKind,
    pub cause_id: CauseId,
    pub amount_paise: Money,
    pub reason: RejectionReason,
    pub inputs: String,
    pub at: Timestamp,
    pub posted_at: Timestamp,
}

/// Adds forfeits.
pub async fn insert(c: &mut DbConnection, rows: Vec<ForfeitRow>) -> QueryResult<()> {
    insert_many(c, forfeits::table, rows).await.map(drop)
}

/// Finds which of these entries were forfeited instead of posted.
pub async fn find_existing(c: &mut DbConnection, ids: &[EntryId]) -> QueryResult<Vec<EntryId>> {
    forfeits::table.filter(forfeits::id.any_of(ids)).select(forfeits::id).load(c).await
}

/// Finds a forfeit by the id that its entry would have had.
pub async fn find(c: &mut DbConnection, id: EntryId) -> QueryResult<Option<ForfeitRow>> {
    forfeits::table.filter(forfeits::id.eq(id)).select(ForfeitRow::as_select()).first(c).await.optional()
}

/// A page of forfeits by position, each with its position for the cursor. Without `user_id`, of all members.
pub async fn list(
    c: &mut DbConnection,
    user_id: Option<UserId>,
    order: SortOrder,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(i64, ForfeitRow)>> {
    let mut query = keyset!(forfeits::table.into_boxed::<db::MultiBackend>(), order, forfeits::position, after);
    if let Some(user_id) = user_id {
        query = query.filter(forfeits::user_id.eq(user_id));
    }
    query.limit(limit).select((forfeits::position, ForfeitRow::as_select())).load(c).await
}
