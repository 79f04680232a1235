//! Queries of the table `webhook_events`: webhook events with a valid signature, as received.

use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::schema::webhook_events as t;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, insert_many, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// A stored webhook event.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct WebhookEvent {
    pub gateway: GatewayName,
    /// Hash of the body.
    pub event_key: String,
    /// Empty after its deletion.
    pub body: Vec<u8>,
    /// Why it is not processed; empty when it is.
    pub error: String,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    /// Null in rows inserted by a release without this column, until the next clean-up.
    pub id: Option<WebhookEventId>,
    /// The gateway's name of the event's kind; empty when it cannot be parsed.
    pub kind: String,
    pub state: WebhookState,
    /// Number of failed attempts.
    pub attempts: i64,
    pub next_attempt_at: Timestamp,
    /// Whether the body is sealed.
    pub sealed: bool,
}

/// A webhook event without its body.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(db::MultiBackend))]
pub struct WebhookSummary {
    pub id: Option<WebhookEventId>,
    pub gateway: GatewayName,
    pub kind: String,
    pub state: WebhookState,
    pub error: String,
    pub attempts: i64,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    pub next_attempt_at: Timestamp,
}

/// Inserts an event. False when it is stored already.
pub async fn insert(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(event).execute(c).await)
}

/// Inserts several events. Errors when one of them is stored already.
pub async fn insert_all(c: &mut DbConnection, events: Vec<WebhookEvent>) -> QueryResult<()> {
    insert_many(c, t::table, events).await.map(drop)
}

/// Locks an event until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, key: &str) -> QueryResult<WebhookEvent> {
    t::table.find((gateway, key)).select(WebhookEvent::as_select()).lock().get_result(c).await
}

/// Whether the event with this key is processed. Errors with `NotFound` when it is not stored.
pub async fn is_processed(c: &mut DbConnection, gateway: GatewayName, key: &str) -> QueryResult<bool> {
    let state: WebhookState = t::table.find((gateway, key)).select(t::state).first(c).await?;
    Ok(state == WebhookState::Processed)
}

/// The event with this id.
pub async fn find(c: &mut DbConnection, id: WebhookEventId) -> QueryResult<Option<WebhookEvent>> {
    t::table.filter(t::id.eq(id)).select(WebhookEvent::as_select()).first(c).await.optional()
}

/// The event with this id, without its body.
pub async fn find_summary(c: &mut DbConnection, id: WebhookEventId) -> QueryResult<Option<WebhookSummary>> {
    t::table.filter(t::id.eq(id)).select(WebhookSummary::as_select()).first(c).await.optional()
}

/// Saves the result of processing: all columns except key, body and receipt time.
pub async fn save(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<()> {
    diesel::update(t::table.find((event.gateway, &event.event_key)))
        .set((
            t::kind.eq(&event.kind),
            t::state.eq(event.state),
            t::error.eq(&event.error),
            t::attempts.eq(event.attempts),
            t::next_attempt_at.eq(event.next_attempt_at),
            t::processed_at.eq(event.processed_at),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// Events by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    state: Option<WebhookState>,
    order: SortOrder,
    after: Option<WebhookEventId>,
    limit: i64,
) -> QueryResult<Vec<WebhookSummary>> {
    let query = t::table.filter(t::id.is_not_null()).select(WebhookSummary::as_select()).limit(limit);
    let mut query = keyset!(query.into_boxed::<db::MultiBackend>(), order, t::id, after);
    if let Some(state) = state {
        query = query.filter(t::state.eq(state));
    }
    query.load(c).await
}

/// Pending events with an attempt due at `now`, the most overdue first.
pub async fn list_due(c: &mut DbConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<WebhookEvent>> {
    t::table
        .filter(t::state.eq(WebhookState::Pending))
        .filter(t::next_attempt_at.le(now))
        .order(t::next_attempt_at)
        .limit(limit)
        .select(WebhookEvent::as_select())
        .load(c)
        .await
}

/// The number of events in a state.
pub async fn count(c: &mut DbConnection, state: WebhookState) -> QueryResult<i64> {
    t::table.filter(t::state.eq(state)).count().get_result(c).await
}

/// Receipt times of the events in a state, oldest first.
pub async fn list_times(c: &mut DbConnection, state: WebhookState, limit: i64) -> QueryResult<Vec<Timestamp>> {
    t::table.filter(t::state.eq(state)).order(t::id).limit(limit).select(t::received_at).load(c).await
}

/// Ids of the events in `state` before `before`, oldest first.
pub async fn list_ids_before(
    c: &mut DbConnection,
    state: WebhookState,
    before: WebhookEventId,
    limit: i64,
) -> QueryResult<Vec<WebhookEventId>> {
    let older = t::table.filter(t::state.eq(state)).filter(t::id.lt(before));
    let ids: Vec<Option<WebhookEventId>> = older.order(t::id).limit(limit).select(t::id).load(c).await?;
    Ok(ids.into_iter().flatten().collect())
}

/// As [`list_ids_before`], only events that still have a sealed body.
pub async fn list_ids_with_body_before(
    c: &mut DbConnection,
    state: WebhookState,
    before: WebhookEventId,
    limit: i64,
) -> QueryResult<Vec<WebhookEventId>> {
    let older = t::table.filter(t::state.eq(state)).filter(t::id.lt(before)).filter(t::sealed.eq(true));
    let ids: Vec<Option<WebhookEventId>> = older.order(t::id).limit(limit).select(t::id).load(c).await?;
    Ok(ids.into_iter().flatten().collect())
}

/// Deletes these events.
pub async fn delete(c: &mut DbConnection, ids: &[WebhookEventId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::id.any_of(ids))).execute(c).await.map(drop)
}

/// Deletes the bodies of these events and marks them unreadable.
pub async fn delete_bodies(c: &mut DbConnection, ids: &[WebhookEventId], reason: &str) -> QueryResult<()> {
    diesel::update(t::table.filter(t::id.any_of(ids)))
        .set((
            t::body.eq(Vec::<u8>::new()),
            t::sealed.eq(false),
            t::state.eq(WebhookState::Unreadable),
            t::error.eq(reason),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// Events with a body that an earlier release stored in plain text, by id, after `after` and before `until`.
pub async fn list_plaintext(
    c: &mut DbConnection,
    after: Option<WebhookEventId>,
    until: WebhookEventId,
    limit: i64,
) -> QueryResult<Vec<WebhookEvent>> {
    let mut query = t::table
        .filter(t::id.lt(until))
        .filter(t::sealed.eq(false))
        .filter(t::body.ne(Vec::<u8>::new()))
        .order(t::id)
        .limit(limit)
        .select(WebhookEvent::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    query.load(c).await
}

/// Events stored by a release without the column `id`.
pub async fn list_without_id(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<WebhookEvent>> {
    t::table.filter(t::id.is_null()).limit(limit).select(WebhookEvent::as_select()).load(c).await
}

/// Saves an event's sealed body, and its id and state.
pub async fn save_sealed(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<()> {
    diesel::update(t::table.find((event.gateway, &event.event_key)))
        .set((t::body.eq(&event.body), t::sealed.eq(true), t::id.eq(event.id), t::state.eq(event.state)))
        .execute(c)
        .await
        .map(drop)
}
