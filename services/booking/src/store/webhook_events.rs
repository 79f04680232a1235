//! Genuine messages of gateways, as they were received.

use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::schema::webhook_events as t;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct WebhookEvent {
    pub gateway: GatewayName,
    /// A hash of its body.
    pub event_key: String,
    /// Empty once it was deleted.
    pub body: Vec<u8>,
    /// Why it is not processed.
    pub error: String,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    /// Null in a row that a release before this column has inserted, until the next clean-up.
    pub id: Option<WebhookEventId>,
    /// The gateway's own name for its kind; empty where it cannot be read.
    pub kind: String,
    pub state: WebhookState,
    /// How often its processing has failed.
    pub attempts: i64,
    pub next_attempt_at: Timestamp,
    /// Whether the body is sealed.
    pub sealed: bool,
}

/// A message without its body.
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

/// False where the message is known already.
pub async fn insert(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(event).execute(c).await)
}

/// Fails where one of the messages is known already.
pub async fn insert_all(c: &mut DbConnection, events: Vec<WebhookEvent>) -> QueryResult<()> {
    insert_many(c, t::table, events).await.map(drop)
}

/// The message with this key, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, key: &str) -> QueryResult<WebhookEvent> {
    t::table.find((gateway, key)).select(WebhookEvent::as_select()).lock().get_result(c).await
}

pub async fn is_processed(c: &mut DbConnection, gateway: GatewayName, key: &str) -> QueryResult<bool> {
    let state: WebhookState = t::table.find((gateway, key)).select(t::state).first(c).await?;
    Ok(state == WebhookState::Processed)
}

pub async fn find(c: &mut DbConnection, id: WebhookEventId) -> QueryResult<Option<WebhookEvent>> {
    t::table.filter(t::id.eq(id)).select(WebhookEvent::as_select()).first(c).await.optional()
}

pub async fn summary(c: &mut DbConnection, id: WebhookEventId) -> QueryResult<Option<WebhookSummary>> {
    t::table.filter(t::id.eq(id)).select(WebhookSummary::as_select()).first(c).await.optional()
}

/// Saves what became of a message: everything but its key, its body and when it was received.
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

/// Messages, newest first, before `before`.
pub async fn page(
    c: &mut DbConnection,
    state: Option<WebhookState>,
    before: Option<WebhookEventId>,
    limit: i64,
) -> QueryResult<Vec<WebhookSummary>> {
    let mut query = t::table
        .filter(t::id.is_not_null())
        .select(WebhookSummary::as_select())
        .order(t::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(state) = state {
        query = query.filter(t::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    query.load(c).await
}

/// Messages whose processing is due again at `now`, those that are due longest first.
pub async fn due(c: &mut DbConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<WebhookEvent>> {
    t::table
        .filter(t::state.eq(WebhookState::Pending))
        .filter(t::next_attempt_at.le(now))
        .order(t::next_attempt_at)
        .limit(limit)
        .select(WebhookEvent::as_select())
        .load(c)
        .await
}

pub async fn count(c: &mut DbConnection, state: WebhookState) -> QueryResult<i64> {
    t::table.filter(t::state.eq(state)).count().get_result(c).await
}

/// Messages in `state` with ids before `before`, oldest first.
pub async fn older_than(
    c: &mut DbConnection,
    state: WebhookState,
    before: WebhookEventId,
    limit: i64,
) -> QueryResult<Vec<WebhookEventId>> {
    let older = t::table.filter(t::state.eq(state)).filter(t::id.lt(before));
    let ids: Vec<Option<WebhookEventId>> = older.order(t::id).limit(limit).select(t::id).load(c).await?;
    Ok(ids.into_iter().flatten().collect())
}

/// Of those, the ones that still have a sealed body.
pub async fn with_body_older_than(
    c: &mut DbConnection,
    state: WebhookState,
    before: WebhookEventId,
    limit: i64,
) -> QueryResult<Vec<WebhookEventId>> {
    let older = t::table.filter(t::state.eq(state)).filter(t::id.lt(before)).filter(t::sealed.eq(true));
    let ids: Vec<Option<WebhookEventId>> = older.order(t::id).limit(limit).select(t::id).load(c).await?;
    Ok(ids.into_iter().flatten().collect())
}

pub async fn delete(c: &mut DbConnection, ids: &[WebhookEventId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::id.any_of(ids))).execute(c).await.map(drop)
}

/// Deletes the bodies of these messages: what is left of them cannot be read any more.
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

/// Messages whose body is still clear: those that an earlier release has stored, with ids from `after` to `until`.
pub async fn unsealed(
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

/// Messages that a release before the column `id` has stored.
pub async fn without_id(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<WebhookEvent>> {
    t::table.filter(t::id.is_null()).limit(limit).select(WebhookEvent::as_select()).load(c).await
}

/// Writes a message's sealed body, and its id where it has none.
pub async fn save_sealed(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<()> {
    diesel::update(t::table.find((event.gateway, &event.event_key)))
        .set((t::body.eq(&event.body), t::sealed.eq(true), t::id.eq(event.id), t::state.eq(event.state)))
        .execute(c)
        .await
        .map(drop)
}
