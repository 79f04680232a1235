//! Table `deliveries`: what is sent outside the application, and what became of it.

use crate::domain::delivery::{DeliveryId, DeliveryState};
use crate::domain::schedule::HeldFor;
use crate::domain::{Channel, NotificationId};
use crate::schema::deliveries as t;
use db::{AnyOfExt, DbConnection, SortOrder, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use uuid::Uuid;

domain::id_type! {
    /// Browser of a web push; all zeros for an address.
    Target,
}

impl Target {
    /// An address of the member.
    pub(crate) fn address() -> Self {
        Self::from(Uuid::nil())
    }
}

/// A delivery.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    /// Cause of the notification.
    pub(crate) cause: NotificationId,
    pub(crate) channel: Channel,
    pub(crate) target: Target,
    pub(crate) user_id: UserId,
    /// Code of the template; an older version may not know it.
    pub(crate) template: String,
    pub(crate) state: DeliveryState,
    pub(crate) held_for: Option<HeldFor>,
    pub(crate) due_at: Timestamp,
    /// Time of the next attempt, or the end of the claim.
    pub(crate) try_at: Timestamp,
    pub(crate) attempts: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

/// Inserts the deliveries that do not exist. Existing ones do not change.
pub(crate) async fn insert_new(c: &mut DbConnection, rows: &[DeliveryRow]) -> QueryResult<()> {
    upsert_many(c, t::table, rows, &[t::cause::NAME, t::channel::NAME, t::target::NAME], &[]).await
}

/// Lists deliveries of a channel that are due, longest first.
pub(crate) async fn list_due(
    c: &mut DbConnection,
    channel: Channel,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    t::table
        .filter(t::channel.eq(channel))
        .filter(t::state.eq(DeliveryState::Queued))
        .filter(t::try_at.le(now))
        .order((t::try_at, t::id))
        .limit(limit)
        .select(DeliveryRow::as_select())
        .load(c)
        .await
}

/// Lists the queued deliveries of a member's digest that are due.
pub(crate) async fn list_digest(
    c: &mut DbConnection,
    user: UserId,
    due_at: Timestamp,
    now: Timestamp,
) -> QueryResult<Vec<DeliveryRow>> {
    t::table
        .filter(t::user_id.eq(user))
        .filter(t::due_at.eq(due_at))
        .filter(t::held_for.eq(HeldFor::Digest))
        .filter(t::state.eq(DeliveryState::Queued))
        .filter(t::try_at.le(now))
        .order(t::id)
        .select(DeliveryRow::as_select())
        .load(c)
        .await
}

/// Claims a delivery until `until` and counts an attempt; `false` when another process has claimed it.
pub(crate) async fn claim(c: &mut DbConnection, row: &DeliveryRow, until: Timestamp) -> QueryResult<bool> {
    let unclaimed = t::table
        .find(row.id)
        .filter(t::state.eq(DeliveryState::Queued))
        .filter(t::try_at.eq(row.try_at))
        .filter(t::attempts.eq(row.attempts));
    let claimed =
        diesel::update(unclaimed).set((t::try_at.eq(until), t::attempts.eq(t::attempts + 1))).execute(c).await?;
    Ok(claimed > 0)
}

/// Sets the next attempt of deliveries, with the error of the last one.
pub(crate) async fn schedule(
    c: &mut DbConnection,
    ids: &[DeliveryId],
    try_at: Timestamp,
    error: &str,
) -> QueryResult<()> {
    let queued = t::table.filter(t::id.any_of(ids)).filter(t::state.eq(DeliveryState::Queued));
    diesel::update(queued).set((t::try_at.eq(try_at), t::last_error.eq(Some(error)))).execute(c).await.map(drop)
}

/// Undoes claims: the attempt was not made.
pub(crate) async fn release(c: &mut DbConnection, ids: &[DeliveryId], try_at: Timestamp) -> QueryResult<()> {
    let queued = t::table.filter(t::id.any_of(ids)).filter(t::state.eq(DeliveryState::Queued));
    diesel::update(queued).set((t::try_at.eq(try_at), t::attempts.eq(t::attempts - 1))).execute(c).await.map(drop)
}

/// Ends deliveries in this state.
pub(crate) async fn finish(
    c: &mut DbConnection,
    ids: &[DeliveryId],
    state: DeliveryState,
    error: Option<&str>,
    now: Timestamp,
) -> QueryResult<()> {
    let queued = t::table.filter(t::id.any_of(ids)).filter(t::state.eq(DeliveryState::Queued));
    diesel::update(queued)
        .set((t::state.eq(state), t::last_error.eq(error), t::finished_at.eq(Some(now))))
        .execute(c)
        .await
        .map(drop)
}

/// Finds and locks a delivery.
pub(crate) async fn lock(c: &mut DbConnection, id: DeliveryId) -> QueryResult<Option<DeliveryRow>> {
    use db::LockExt;
    t::table.find(id).select(DeliveryRow::as_select()).lock().get_result(c).await.optional()
}

/// Queues a locked delivery again, as if it were due now.
pub(crate) async fn requeue(c: &mut DbConnection, id: DeliveryId, now: Timestamp) -> QueryResult<()> {
    let queued = (
        t::state.eq(DeliveryState::Queued),
        t::due_at.eq(now),
        t::try_at.eq(now),
        t::attempts.eq(0_i64),
        t::held_for.eq(None::<HeldFor>),
        t::finished_at.eq(None::<Timestamp>),
    );
    diesel::update(t::table.find(id)).set(queued).execute(c).await.map(drop)
}

/// Lists deliveries in this state, or in every state.
pub(crate) async fn list(
    c: &mut DbConnection,
    state: Option<DeliveryState>,
    order: SortOrder,
    after: Option<DeliveryId>,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    let mut query = t::table.select(DeliveryRow::as_select()).into_boxed::<db::MultiBackend>();
    if let Some(state) = state {
        query = query.filter(t::state.eq(state));
    }
    keyset!(query, order, t::id, after).limit(limit).load(c).await
}

/// Times at which deliveries ended in this state, of the first `limit`.
pub(crate) async fn list_times(c: &mut DbConnection, state: DeliveryState, limit: i64) -> QueryResult<Vec<Timestamp>> {
    t::table.filter(t::state.eq(state)).order(t::id).limit(limit).select(t::created_at).load(c).await
}

/// Deletes up to `limit` deliveries that ended before this time. Returns how many.
pub(crate) async fn delete_finished(c: &mut DbConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
    let old: Vec<DeliveryId> = t::table
        .filter(t::finished_at.lt(before))
        .order((t::finished_at, t::id))
        .limit(limit)
        .select(t::id)
        .load(c)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    diesel::delete(t::table.filter(t::id.any_of(&old))).execute(c).await
}

/// Deletes all deliveries of these members.
pub(crate) async fn delete_all(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::user_id.any_of(users))).execute(c).await.map(drop)
}
