//! Rebuild of the search: all documents are numbered again from the facts, in steps of one transaction each.

use super::search_documents::{self, MAX_PAGE_DOCUMENTS};
use crate::domain::search::SearchKind;
use crate::store::search_documents::{self as store, FoundId};
use crate::store::{bookings, members, numbered_receipts, payouts, rollups};
use db::DbConnection;
use diesel::QueryResult;
use domain::Timestamp;

/// A rebuild that has begun. One that is not finished has only numbered documents again, which changes no answer.
#[derive(Debug, Clone, Copy)]
pub struct SearchRebuild {
    /// The last change before it: documents that have a later one at the end have facts.
    before: i64,
    kind: SearchKind,
    after: Option<FoundId>,
    /// Documents that are numbered.
    pub count: u64,
}

/// What follows a step.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Next(SearchRebuild),
    /// All of so many documents are numbered, under a new generation.
    Done(u64),
}

/// Begins a rebuild.
pub async fn begin(c: &mut DbConnection) -> QueryResult<SearchRebuild> {
    rollups::lock(c).await?;
    let before = store::lock_state(c).await?.last_change;
    Ok(SearchRebuild { before, kind: SearchKind::Person, after: None, count: 0 })
}

/// Whether the documents were never built, as after an upgrade from a version without them.
pub async fn is_missing(c: &mut DbConnection) -> QueryResult<bool> {
    Ok(search_documents::find_head(c).await?.generation == 0)
}

/// Numbers the next documents. The last step deletes those without a fact and begins a generation, whereupon every
/// index is built again.
pub async fn advance(c: &mut DbConnection, rebuild: SearchRebuild, now: Timestamp) -> QueryResult<Step> {
    rollups::lock(c).await?;
    let SearchRebuild { before, kind, after, count } = rebuild;
    let limit = i64::try_from(MAX_PAGE_DOCUMENTS).unwrap_or(i64::MAX);
    let ids = list_ids(c, kind, after, limit).await?;
    let count = count + u64::try_from(ids.len()).unwrap_or_default();
    search_documents::number(c, ids.iter().map(|id| (kind, *id))).await?;
    if let Some(last) = ids.last() {
        return Ok(Step::Next(SearchRebuild { before, kind, after: Some(*last), count }));
    }
    let following = SearchKind::ALL.iter().copied().find(|other| *other > kind);
    if let Some(kind) = following {
        return Ok(Step::Next(SearchRebuild { before, kind, after: None, count }));
    }
    let mut state = store::lock_state(c).await?;
    store::delete_until(c, before).await?;
    // By the clock, so that an index of a database that was lost has another generation than its successor.
    state.generation = now.micros().max(state.generation + 1);
    store::save_state(c, state).await?;
    Ok(Step::Done(count))
}

async fn list_ids(
    c: &mut DbConnection,
    kind: SearchKind,
    after: Option<FoundId>,
    limit: i64,
) -> QueryResult<Vec<FoundId>> {
    let after = after.map(FoundId::uuid);
    let ids: Vec<uuid::Uuid> = match kind {
        SearchKind::Person => to_plain(members::list_ids(c, after.map(Into::into), limit).await?, |id| id.uuid()),
        SearchKind::Booking => to_plain(bookings::list_ids(c, after.map(Into::into), limit).await?, |id| id.uuid()),
        SearchKind::Payment => {
            to_plain(numbered_receipts::list_ids(c, after.map(Into::into), limit).await?, |id| id.uuid())
        }
        SearchKind::Payout => to_plain(payouts::list_ids(c, after.map(Into::into), limit).await?, |id| id.uuid()),
    };
    Ok(ids.into_iter().map(Into::into).collect())
}

fn to_plain<T>(ids: Vec<T>, plain: impl Fn(T) -> uuid::Uuid) -> Vec<uuid::Uuid> {
    ids.into_iter().map(plain).collect()
}
