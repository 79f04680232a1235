//! Table of the events that this service has handled. Its rows commit with the effects, so that an event takes effect
//! once.

use crate::HandleError;
use crate::schema::inbox;
use db::{AnyOfExt, DbConnection, insert_many, is_unique_violation};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;
use std::collections::HashSet;

#[derive(Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
struct InboxRow {
    event_id: EventId,
    received_at: Timestamp,
}

/// The id of `event`, typed.
pub(crate) fn id_of(event: &Envelope) -> EventId {
    EventId::from(uuid::Uuid::from_bytes(event.id))
}

/// Rows inserted by one statement.
const CHUNK_ROWS: usize = 500;

/// Records `events` and returns those that are new to this service, each once.
///
/// Nearly always all of them are new. So the rows are inserted first, and only a unique violation causes a query for
/// those that exist. Errors as transient when another instance records the same event at the same time; the next
/// attempt finds its row.
pub(crate) async fn record_new<'e>(
    c: &mut DbConnection,
    events: &'e [Envelope],
    now: Timestamp,
) -> Result<Vec<&'e Envelope>, HandleError> {
    let mut seen = HashSet::new();
    let once: Vec<&Envelope> = events.iter().filter(|event| seen.insert(id_of(event))).collect();
    let mut new = Vec::with_capacity(once.len());
    for chunk in once.chunks(CHUNK_ROWS) {
        let rows: Vec<InboxRow> =
            chunk.iter().map(|event| InboxRow { event_id: id_of(event), received_at: now }).collect();
        match insert_many(c, inbox::table, rows).await {
            Ok(_) => new.extend_from_slice(chunk),
            // A statement that fails inserts no row.
            Err(error) if is_unique_violation(&error) => new.extend(record_unknown(c, chunk, now).await?),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(new)
}

async fn record_unknown<'e>(
    c: &mut DbConnection,
    events: &[&'e Envelope],
    now: Timestamp,
) -> Result<Vec<&'e Envelope>, HandleError> {
    let ids: Vec<EventId> = events.iter().map(|event| id_of(event)).collect();
    let known: Vec<EventId> = inbox::table.filter(inbox::event_id.any_of(&ids)).select(inbox::event_id).load(c).await?;
    let known: HashSet<EventId> = known.into_iter().collect();
    let new: Vec<&Envelope> = events.iter().copied().filter(|event| !known.contains(&id_of(event))).collect();
    record(c, new.iter().map(|event| id_of(event)), now).await?;
    Ok(new)
}

/// Whether the event was handled or parked.
pub(crate) async fn contains(c: &mut DbConnection, event: EventId) -> QueryResult<bool> {
    let found: Option<EventId> = inbox::table.find(event).select(inbox::event_id).first(c).await.optional()?;
    Ok(found.is_some())
}

/// Records events as handled. Errors as transient when one is recorded already.
pub(crate) async fn record(
    c: &mut DbConnection,
    events: impl Iterator<Item = EventId>,
    now: Timestamp,
) -> Result<(), HandleError> {
    let rows: Vec<InboxRow> = events.map(|event_id| InboxRow { event_id, received_at: now }).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match insert_many(c, inbox::table, rows).await {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(HandleError::transient(error)),
        Err(error) => Err(error.into()),
    }
}
