//! Table of parked events: events that could not be handled, stored whole until an operator requests a replay.
//!
//! A parked event is in the inbox too, so that its duplicates have no effect. [`request_replay`] only marks events;
//! the consumer loop of the service that owns the handler replays them.

use crate::HandleError;
use crate::schema::parked;
use crate::stored_envelope::{StoredEnvelope, stored_envelope_columns};
use db::{DbConnection, LockExt, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use futures_util::future::BoxFuture;
use proto_events::Envelope;

/// Replays of one run; the next run follows within seconds.
const MAX_REPLAYS: i64 = 100;
/// Characters of an error text that are stored.
const MAX_ERROR_CHARS: usize = 4000;

/// A parked event without its payload, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = parked, check_for_backend(db::MultiBackend))]
pub struct ParkedEvent {
    pub event_id: EventId,
    pub event_type: String,
    /// The service that published it.
    pub source: String,
    /// The id of what the event is about.
    pub subject: String,
    pub occurred_at: Timestamp,
    /// Why the last attempt failed.
    pub error: String,
    pub attempts: i64,
    pub parked_at: Timestamp,
    pub replay_requested_at: Option<Timestamp>,
}

#[derive(Insertable)]
#[diesel(table_name = parked, treat_none_as_default_value = false)]
struct ParkedRow {
    #[diesel(embed)]
    event: StoredEnvelope,
    error: String,
    attempts: i64,
    parked_at: Timestamp,
    replay_requested_at: Option<Timestamp>,
}

/// Which parked events to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaySelection {
    All,
    One(EventId),
}

/// Lists up to `limit` parked events, oldest first, skipping `offset`.
pub fn list(c: &mut DbConnection, limit: i64, offset: i64) -> BoxFuture<'_, QueryResult<Vec<ParkedEvent>>> {
    Box::pin(async move {
        parked::table
            .order((parked::parked_at, parked::event_id))
            .limit(limit)
            .offset(offset)
            .select(ParkedEvent::as_select())
            .load(c)
            .await
    })
}

/// Counts the parked events.
pub async fn count(c: &mut DbConnection) -> QueryResult<i64> {
    parked::table.count().get_result(c).await
}

/// Requests a replay; the consumer loop replays within seconds. Returns how many events were marked.
pub fn request_replay(
    c: &mut DbConnection,
    selection: ReplaySelection,
    now: Timestamp,
) -> BoxFuture<'_, QueryResult<usize>> {
    Box::pin(async move {
        let requested = parked::replay_requested_at.eq(Some(now));
        match selection {
            ReplaySelection::All => diesel::update(parked::table).set(requested).execute(c).await,
            ReplaySelection::One(event_id) => {
                diesel::update(parked::table.find(event_id)).set(requested).execute(c).await
            }
        }
    })
}

/// Inserts `event`, which is in the inbox.
pub(crate) async fn insert(
    c: &mut DbConnection,
    event: &Envelope,
    error: &str,
    attempts: u32,
    now: Timestamp,
) -> QueryResult<()> {
    let row = ParkedRow {
        event: event.into(),
        error: error.chars().take(MAX_ERROR_CHARS).collect(),
        attempts: i64::from(attempts),
        parked_at: now,
        replay_requested_at: None,
    };
    let insert = diesel::insert_into(parked::table).values(row);
    insert.on_conflict_set(&[parked::event_id::NAME], &[parked::error::NAME]).execute(c).await.map(drop)
}

/// Locks, deletes and returns a parked event. `None` when another instance removed it first.
pub(crate) async fn remove(c: &mut DbConnection, event_id: EventId) -> Result<Option<Envelope>, HandleError> {
    let one = parked::table.find(event_id).select(stored_envelope_columns!(parked));
    let row: Option<StoredEnvelope> = one.lock().get_result(c).await.optional()?;
    let Some(row) = row else { return Ok(None) };
    diesel::delete(parked::table.find(event_id)).execute(c).await?;
    Ok(Some(row.into()))
}

/// Lists the events for which a replay is requested, oldest request first; at most 100.
pub(crate) async fn list_replay_requests(c: &mut DbConnection) -> QueryResult<Vec<EventId>> {
    parked::table
        .filter(parked::replay_requested_at.is_not_null())
        .order((parked::replay_requested_at, parked::event_id))
        .limit(MAX_REPLAYS)
        .select(parked::event_id)
        .load(c)
        .await
}

/// Stores the error of a failed replay and counts the attempt. Withdraws the request unless `retry`.
pub(crate) async fn record_failed_replay(
    c: &mut DbConnection,
    event_id: EventId,
    error: &str,
    retry: bool,
) -> Result<(), HandleError> {
    let error: String = error.chars().take(MAX_ERROR_CHARS).collect();
    let one = parked::table.find(event_id);
    diesel::update(one).set((parked::error.eq(error), parked::attempts.eq(parked::attempts + 1))).execute(c).await?;
    if !retry {
        diesel::update(one).set(parked::replay_requested_at.eq(None::<Timestamp>)).execute(c).await?;
    }
    Ok(())
}
