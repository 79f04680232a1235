//! Table of waiting events: events that cannot take effect yet, such as a reversal that arrives before its original,
//! or a payment of a member that is not known yet.
//!
//! A handler stores such an event under the key of what it waits for, in its own transaction. The handler that ends
//! the wait releases the event, reads it by the service's [`EventTable`](crate::EventTable) and handles it in the same
//! transaction.
//!
//! On MySQL both handlers may run at once, and neither sees what the other is about to commit. Where that can happen,
//! both handlers lock a row of the service for the key, and read again once they hold the lock. In addition the
//! consumer loop retries every event that has waited for 30 seconds, so that no event waits for something
//! that has happened already. An event that can never be handled is parked, like a delivered one.

use crate::inbox;
use crate::schema::waiting;
use crate::stored_envelope::{StoredEnvelope, release_by_id, stored_envelope_columns};
use db::{AnyOfExt, DbConnection, LockExt, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;

#[derive(Insertable)]
#[diesel(table_name = waiting, treat_none_as_default_value = false)]
struct WaitingRow {
    wait_key: String,
    #[diesel(embed)]
    event: StoredEnvelope,
    waiting_since: Timestamp,
}

/// Stores each event until its key is released.
pub async fn store(c: &mut DbConnection, events: &[(String, &Envelope)], now: Timestamp) -> QueryResult<()> {
    let row = |(key, event): &(String, &Envelope)| WaitingRow {
        wait_key: key.clone(),
        event: (*event).into(),
        waiting_since: now,
    };
    insert_many(c, waiting::table, events.iter().map(row).collect::<Vec<_>>()).await.map(drop)
}

/// Deletes and returns the events that wait for one of `keys`, in the order in which they occurred. An event that is not
/// readable stays, so that it does not fail the event that releases it; the consumer loop retries it by itself.
pub async fn release(
    c: &mut DbConnection,
    keys: &[String],
    is_readable: impl Fn(&Envelope) -> bool,
) -> QueryResult<Vec<Envelope>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<StoredEnvelope> = waiting::table
        .filter(waiting::wait_key.any_of(keys))
        .order((waiting::occurred_at, waiting::event_id))
        .select(stored_envelope_columns!(waiting))
        .load(c)
        .await?;
    delete_and_return(c, rows, is_readable).await
}

/// Counts the events that wait for `key`.
pub async fn count(c: &mut DbConnection, key: &str) -> QueryResult<i64> {
    waiting::table.filter(waiting::wait_key.eq(key)).count().get_result(c).await
}

/// As [`release`], of up to `limit` events that wait for `key` and occurred no later than `until`.
pub async fn release_due(
    c: &mut DbConnection,
    key: &str,
    until: Timestamp,
    limit: i64,
    is_readable: impl Fn(&Envelope) -> bool,
) -> QueryResult<Vec<Envelope>> {
    let rows: Vec<StoredEnvelope> = waiting::table
        .filter(waiting::wait_key.eq(key))
        .filter(waiting::occurred_at.le(until))
        .order((waiting::occurred_at, waiting::event_id))
        .limit(limit)
        .select(stored_envelope_columns!(waiting))
        .load(c)
        .await?;
    delete_and_return(c, rows, is_readable).await
}

async fn delete_and_return(
    c: &mut DbConnection,
    rows: Vec<StoredEnvelope>,
    is_readable: impl Fn(&Envelope) -> bool,
) -> QueryResult<Vec<Envelope>> {
    let events: Vec<Envelope> = rows.into_iter().map(Envelope::from).filter(is_readable).collect();
    if events.is_empty() {
        return Ok(events);
    }
    let ids: Vec<EventId> = events.iter().map(inbox::id_of).collect();
    diesel::delete(waiting::table.filter(waiting::event_id.any_of(&ids))).execute(c).await?;
    Ok(events)
}

/// An event is retried once it has waited for this long.
const RETRY_AFTER_SECS: i64 = 30;
/// Events retried in one transaction.
const RETRY_CHUNK_ROWS: i64 = 200;

/// Lists events that have waited for 30 seconds, in the order of their ids after `after`.
pub(crate) async fn list_due_for_retry(
    c: &mut DbConnection,
    after: EventId,
    now: Timestamp,
) -> QueryResult<Vec<EventId>> {
    waiting::table
        .filter(waiting::event_id.gt(after))
        .filter(waiting::waiting_since.lt(now.plus_secs(-RETRY_AFTER_SECS)))
        .order(waiting::event_id)
        .limit(RETRY_CHUNK_ROWS)
        .select(waiting::event_id)
        .load(c)
        .await
}

/// Locks, deletes and returns the events with these ids that still wait, in the order in which they occurred.
pub(crate) async fn release_by_id(c: &mut DbConnection, ids: &[EventId]) -> QueryResult<Vec<Envelope>> {
    release_by_id!(c, waiting, ids)
}
