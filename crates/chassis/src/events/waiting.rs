//! Events that cannot take effect yet: a reversal before its original, a payment of somebody not known yet.
//!
//! A handler that meets such an event puts it here under the key of what it waits for, in its own
//! transaction; the handler that makes the wait end takes it out and handles it then and there.
//!
//! On MySQL the two may run at once, and neither see what the other is about to commit. A service whose handlers can
//! meet so locks a row of its own for the key in both, and looks again once it has the lock. Besides, the consumer loop
//! hands over every event that has waited for [`REVISIT_AFTER_SECS`] again, so that none waits for what has come about.

use super::HandleError;
use super::handling::Handling;
use crate::schema::waiting;
use db::{AnyOfExt, DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = waiting, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    event_id: EventId,
    wait_key: String,
    event_type: String,
    source: String,
    subject: String,
    occurred_at: Timestamp,
    position: i64,
    traceparent: String,
    payload: Vec<u8>,
    waiting_since: Timestamp,
}

/// Keeps `event` until somebody takes `key`.
pub async fn put(c: &mut DbConnection, key: &str, event: &Envelope, now: Timestamp) -> QueryResult<()> {
    let row = Row {
        event_id: EventId::from(uuid::Uuid::from_bytes(event.id)),
        wait_key: key.to_owned(),
        event_type: event.event_type.clone(),
        source: event.source.clone(),
        subject: event.subject.clone(),
        occurred_at: Timestamp::from_micros(event.time_micros).unwrap_or(Timestamp::UNIX_EPOCH),
        position: event.position,
        traceparent: event.traceparent.clone(),
        payload: event.data.clone(),
        waiting_since: now,
    };
    diesel::insert_into(waiting::table).values(&row).execute(c).await.map(drop)
}

/// Takes out everything that waits for one of `keys`, in the order of when it happened.
pub async fn take(c: &mut DbConnection, keys: &[String]) -> QueryResult<Vec<Envelope>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = waiting::table
        .filter(waiting::wait_key.any_of(keys))
        .order((waiting::occurred_at, waiting::event_id))
        .select(Row::as_select())
        .load(c)
        .await?;
    remove(c, rows).await
}

/// How many events wait for `key`.
pub async fn count(c: &mut DbConnection, key: &str) -> QueryResult<i64> {
    waiting::table.filter(waiting::wait_key.eq(key)).count().get_result(c).await
}

/// Takes out up to `limit` events that wait for `key` and happened by `until`, oldest first.
pub async fn take_due(c: &mut DbConnection, key: &str, until: Timestamp, limit: i64) -> QueryResult<Vec<Envelope>> {
    let rows: Vec<Row> = waiting::table
        .filter(waiting::wait_key.eq(key))
        .filter(waiting::occurred_at.le(until))
        .order((waiting::occurred_at, waiting::event_id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)
        .await?;
    remove(c, rows).await
}

async fn remove(c: &mut DbConnection, rows: Vec<Row>) -> QueryResult<Vec<Envelope>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<EventId> = rows.iter().map(|r| r.event_id).collect();
    diesel::delete(waiting::table.filter(waiting::event_id.any_of(&ids))).execute(c).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// An event that waits is handed over again after this.
const REVISIT_AFTER_SECS: i64 = 30;
/// Events handed over again in one transaction.
const REVISIT_CHUNK: i64 = 200;
/// Chunks of one revisit; the next goes on where it ended.
const REVISIT_CHUNKS: u32 = 5;

/// Hands over events that have waited for some time, in the order of their ids after `after`. What still has to wait is
/// put back. Answers where to go on; none at the end.
pub(super) async fn revisit(handling: &Handling, mut after: Option<EventId>) -> Result<Option<EventId>, HandleError> {
    let before = handling.ctx.now().plus_secs(-REVISIT_AFTER_SECS);
    for _ in 0..REVISIT_CHUNKS {
        let mut c = handling.ctx.db().read().await?;
        let ids = due(&mut c, after, before).await?;
        drop(c);
        let Some(last) = ids.last() else { return Ok(None) };
        after = Some(*last);
        if handling.revisit(&ids).await.is_ok() {
            continue;
        }
        for id in &ids {
            if let Err(failure) = handling.revisit(std::slice::from_ref(id)).await {
                tracing::warn!(event_id = %id, %failure, "a waiting event failed when it was handled again");
            }
        }
    }
    Ok(after)
}

async fn due(c: &mut DbConnection, after: Option<EventId>, before: Timestamp) -> QueryResult<Vec<EventId>> {
    let after = after.unwrap_or_else(|| EventId::from(uuid::Uuid::nil()));
    waiting::table
        .filter(waiting::event_id.gt(after))
        .filter(waiting::waiting_since.lt(before))
        .order(waiting::event_id)
        .limit(REVISIT_CHUNK)
        .select(waiting::event_id)
        .load(c)
        .await
}

/// Takes out the events with these ids that still wait, in the order of when they happened.
pub(super) async fn take_by_id(c: &mut DbConnection, ids: &[EventId]) -> QueryResult<Vec<Envelope>> {
    let mut rows: Vec<Row> = waiting::table
        .filter(waiting::event_id.any_of(ids))
        .order(waiting::event_id)
        .select(Row::as_select())
        .lock()
        .load(c)
        .await?;
    diesel::delete(waiting::table.filter(waiting::event_id.any_of(ids))).execute(c).await?;
    rows.sort_by_key(|row| (row.occurred_at, row.event_id));
    Ok(rows.into_iter().map(Into::into).collect())
}

impl From<Row> for Envelope {
    fn from(row: Row) -> Self {
        Self {
            id: *row.event_id.as_bytes(),
            source: row.source,
            event_type: row.event_type,
            time_micros: row.occurred_at.micros(),
            subject: row.subject,
            position: row.position,
            traceparent: row.traceparent,
            data: row.payload,
        }
    }
}
