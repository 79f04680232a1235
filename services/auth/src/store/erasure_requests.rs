//! Table `erasure_requests`.

use crate::domain::erasure::{ErasureRequestId, ErasureStatus};
use crate::schema::erasure_requests as t;
use db::{DbConnection, LockExt, SortOrder, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A request with its decision.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct ErasureRequest {
    pub(crate) id: ErasureRequestId,
    pub(crate) user_id: UserId,
    pub(crate) status: ErasureStatus,
    /// The member while the request is pending, else `None`. Unique: one such request per member.
    pub(crate) pending_user_id: Option<UserId>,
    /// Reason of a rejection.
    pub(crate) reason: Option<String>,
    pub(crate) requested_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) decided_by: Option<UserId>,
}

/// Inserts a request; `false` when the member has a pending one.
pub(crate) async fn insert(c: &mut DbConnection, request: &ErasureRequest) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(request).execute(c).await)
}

/// Whether the member has a pending request.
pub(crate) async fn has_pending(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    let pending: Option<ErasureRequestId> =
        t::table.filter(t::pending_user_id.eq(user)).select(t::id).first(c).await.optional()?;
    Ok(pending.is_some())
}

/// Finds a request.
pub(crate) async fn find(c: &mut DbConnection, id: ErasureRequestId) -> QueryResult<Option<ErasureRequest>> {
    t::table.find(id).select(ErasureRequest::as_select()).first(c).await.optional()
}

/// Finds and locks a request.
pub(crate) async fn lock(c: &mut DbConnection, id: ErasureRequestId) -> QueryResult<Option<ErasureRequest>> {
    t::table.find(id).select(ErasureRequest::as_select()).lock().get_result(c).await.optional()
}

/// Finds the latest request of a member.
pub(crate) async fn find_latest(c: &mut DbConnection, user: UserId) -> QueryResult<Option<ErasureRequest>> {
    let own = t::table.filter(t::user_id.eq(user)).order(t::id.desc());
    own.select(ErasureRequest::as_select()).first(c).await.optional()
}

/// Lists the requests with a status, or all, by id, starting after the one with the id `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    status: Option<ErasureStatus>,
    order: SortOrder,
    after: Option<ErasureRequestId>,
    limit: i64,
) -> QueryResult<Vec<ErasureRequest>> {
    let query = t::table.limit(limit).select(ErasureRequest::as_select()).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, t::id, after);
    if let Some(status) = status {
        query = query.filter(t::status.eq(status));
    }
    query.load(c).await
}

/// Times of the first `limit` pending requests, oldest first.
pub(crate) async fn list_pending_times(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
    let pending = t::table.filter(t::status.eq(ErasureStatus::Pending)).order(t::id);
    pending.limit(limit).select(t::requested_at).load(c).await
}

/// Saves the decision about a request.
pub(crate) async fn save_decision(c: &mut DbConnection, request: &ErasureRequest) -> QueryResult<()> {
    let update = diesel::update(t::table.find(request.id)).set((
        t::status.eq(request.status),
        t::pending_user_id.eq(request.pending_user_id),
        t::reason.eq(request.reason.as_deref()),
        t::decided_at.eq(request.decided_at),
        t::decided_by.eq(request.decided_by),
    ));
    update.execute(c).await.map(drop)
}
