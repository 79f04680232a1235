//! Events that could not be handled, kept whole until an operator has them replayed.
//!
//! A parked event is in the inbox too, so that its duplicates do nothing. A replay is only asked for here: the
//! consumer loop carries it out, in the service that owns the handler.

use super::handling::{Failure, Handling, Verdict};
use super::{HandleError, inbox};
use crate::schema::parked;
use db::{DbConnection, LockExt, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;

/// Replays carried out in one go; the next go comes seconds later.
const REPLAYS_AT_ONCE: i64 = 100;
/// An error's text may be as long as a page, not as long as a payload.
const ERROR_CHARS: usize = 4000;

/// A parked event, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = parked, check_for_backend(db::MultiBackend))]
pub struct Parked {
    pub event_id: EventId,
    pub event_type: String,
    /// The service that published it.
    pub source: String,
    pub subject: String,
    pub occurred_at: Timestamp,
    /// Why it could not be handled the last time.
    pub error: String,
    pub attempts: i64,
    pub parked_at: Timestamp,
    pub replay_requested_at: Option<Timestamp>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = parked, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    event_id: EventId,
    event_type: String,
    source: String,
    subject: String,
    occurred_at: Timestamp,
    position: i64,
    traceparent: String,
    payload: Vec<u8>,
    error: String,
    attempts: i64,
    parked_at: Timestamp,
    replay_requested_at: Option<Timestamp>,
}

/// Which events to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    One(EventId),
}

/// Parked events, oldest first, from `offset` on.
pub async fn list(c: &mut DbConnection, limit: i64, offset: i64) -> QueryResult<Vec<Parked>> {
    parked::table
        .order((parked::parked_at, parked::event_id))
        .limit(limit)
        .offset(offset)
        .select(Parked::as_select())
        .load(c)
        .await
}

pub async fn count(c: &mut DbConnection) -> QueryResult<i64> {
    parked::table.count().get_result(c).await
}

/// Asks for a replay; the consumer loop takes it up within seconds. Answers how many events it was asked for.
pub async fn replay(c: &mut DbConnection, which: Which, now: Timestamp) -> QueryResult<usize> {
    let requested = parked::replay_requested_at.eq(Some(now));
    match which {
        Which::All => diesel::update(parked::table).set(requested).execute(c).await,
        Which::One(event_id) => diesel::update(parked::table.find(event_id)).set(requested).execute(c).await,
    }
}

/// Parks `event` unless it was handled or parked meanwhile; `Ok(false)` then.
pub(super) async fn put(
    c: &mut DbConnection,
    event: &Envelope,
    error: &str,
    attempts: u32,
    now: Timestamp,
) -> Result<bool, HandleError> {
    let event_id = inbox::id_of(event);
    if inbox::has(c, event_id).await? {
        return Ok(false);
    }
    inbox::record(c, std::iter::once(event_id), now).await?;
    let row = Row {
        event_id,
        event_type: event.event_type.clone(),
        source: event.source.clone(),
        subject: event.subject.clone(),
        occurred_at: Timestamp::from_micros(event.time_micros).unwrap_or(Timestamp::UNIX_EPOCH),
        position: event.position,
        traceparent: event.traceparent.clone(),
        payload: event.data.clone(),
        error: error.chars().take(ERROR_CHARS).collect(),
        attempts: i64::from(attempts),
        parked_at: now,
        replay_requested_at: None,
    };
    let insert = diesel::insert_into(parked::table).values(row);
    insert.on_conflict_set(&[parked::event_id::NAME], &[parked::error::NAME]).execute(c).await?;
    Ok(true)
}

/// Takes a parked event out to handle it; `None` where another instance was faster.
pub(super) async fn take(c: &mut DbConnection, event_id: EventId) -> Result<Option<Envelope>, HandleError> {
    let row: Option<Row> =
        parked::table.find(event_id).select(Row::as_select()).lock().get_result(c).await.optional()?;
    let Some(row) = row else { return Ok(None) };
    diesel::delete(parked::table.find(event_id)).execute(c).await?;
    Ok(Some(row.into()))
}

/// Carries out the replays that were asked for. How many events took effect.
pub(super) async fn replay_requested(handling: &Handling) -> Result<usize, HandleError> {
    let mut replayed = 0;
    let requested: Vec<EventId> = {
        let mut c = handling.ctx.db().read().await?;
        parked::table
            .filter(parked::replay_requested_at.is_not_null())
            .order((parked::replay_requested_at, parked::event_id))
            .limit(REPLAYS_AT_ONCE)
            .select(parked::event_id)
            .load(&mut c)
            .await?
    };
    for event_id in requested {
        match handling.replay(event_id).await {
            Ok(taken) => replayed += usize::from(taken),
            Err(Failure::Environment(reason)) => return Err(HandleError::transient(reason)),
            Err(failure) => {
                tracing::warn!(%event_id, %failure, "a parked event failed again");
                let reason = failure.to_string();
                let again = failure.verdict(1) == Verdict::Retry;
                handling.ctx.tx(async |c| failed_again(c, event_id, &reason, again).await).await?;
            }
        }
    }
    Ok(replayed)
}

/// The request stands when another try may help.
async fn failed_again(c: &mut DbConnection, event_id: EventId, error: &str, again: bool) -> Result<(), HandleError> {
    let error: String = error.chars().take(ERROR_CHARS).collect();
    let one = parked::table.find(event_id);
    diesel::update(one).set((parked::error.eq(error), parked::attempts.eq(parked::attempts + 1))).execute(c).await?;
    if !again {
        diesel::update(one).set(parked::replay_requested_at.eq(None::<Timestamp>)).execute(c).await?;
    }
    Ok(())
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
