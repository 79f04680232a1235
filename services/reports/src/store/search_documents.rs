//! References of what can be found, numbered by changes in the order of commits, and the generation of the numbers.

use crate::domain::search::SearchKind;
use crate::schema::{search_documents, search_state};
use db::{DbConnection, LockExt, UpsertExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

const STATE_ID: i64 = 1;

domain::id_type! {
    /// Id of a user, booking, payment or payout.
    FoundId,
}

/// The last change, and the generation of all changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = search_state, check_for_backend(db::MultiBackend))]
pub struct SearchState {
    /// 0 before the documents are built for the first time.
    pub generation: i64,
    pub last_change: i64,
}

/// Loads the state; `None` before the first change.
pub async fn find_state(c: &mut DbConnection) -> QueryResult<Option<SearchState>> {
    search_state::table.find(STATE_ID).select(SearchState::as_select()).first(c).await.optional()
}

/// Locks the state until the transaction ends, so that changes are numbered in the order of commits.
pub async fn lock_state(c: &mut DbConnection) -> QueryResult<SearchState> {
    use search_state as t;
    let state = || t::table.find(STATE_ID).select(SearchState::as_select()).lock();
    if let Some(found) = state().get_result(c).await.optional()? {
        return Ok(found);
    }
    let first = (t::id.eq(STATE_ID), t::generation.eq(0), t::last_change.eq(0));
    diesel::insert_into(t::table).values(first).on_conflict_set(&[t::id::NAME], &[]).execute(c).await?;
    state().get_result(c).await
}

/// Saves the state. Requires [`lock_state`].
pub async fn save_state(c: &mut DbConnection, state: SearchState) -> QueryResult<()> {
    use search_state as t;
    let SearchState { generation, last_change } = state;
    let row = t::table.find(STATE_ID);
    diesel::update(row).set((t::generation.eq(generation), t::last_change.eq(last_change))).execute(c).await.map(drop)
}

/// Stores documents with the numbers of their last changes. Requires [`lock_state`].
pub async fn number(c: &mut DbConnection, documents: &[(SearchKind, FoundId, i64)]) -> QueryResult<()> {
    use search_documents as t;
    let rows =
        documents.iter().map(|(kind, id, change)| (t::kind.eq(*kind), t::id.eq(*id), t::change_number.eq(*change)));
    upsert_many(c, t::table, rows, &[t::kind::NAME, t::id::NAME], &[t::change_number::NAME]).await
}

/// Lists up to `limit` documents that changed after the change `after`, in the order of changes.
pub async fn list_after(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<(SearchKind, FoundId, i64)>> {
    use search_documents as t;
    t::table
        .filter(t::change_number.gt(after))
        .order(t::change_number)
        .limit(limit)
        .select((t::kind, t::id, t::change_number))
        .load(c)
        .await
}

/// Deletes the documents that did not change after the change `until`.
pub async fn delete_until(c: &mut DbConnection, until: i64) -> QueryResult<()> {
    use search_documents as t;
    diesel::delete(t::table.filter(t::change_number.le(until))).execute(c).await.map(drop)
}
