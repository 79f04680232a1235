//! Which events this service has handled. The row commits with the effects, which is what makes them happen once.

use super::HandleError;
use crate::schema::inbox;
use db::{AnyOfExt, DbConnection, insert_many, is_unique_violation};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;
use std::collections::HashSet;

#[derive(Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
struct Row {
    event_id: EventId,
    received_at: Timestamp,
}

pub(super) fn id_of(event: &Envelope) -> EventId {
    EventId::from(uuid::Uuid::from_bytes(event.id))
}

/// Rows in one statement, so that it succeeds or fails whole.
const CHUNK: usize = 500;

/// Those of `events` that are new to this service, each once, now recorded as seen.
///
/// Nearly always all of them are new, so they are recorded before anything is asked; only when one was seen before is it
/// asked which. Another instance may be recording the same event: it commits first or this fails as transient, and the
/// next try sees its record.
pub(super) async fn admit<'e>(
    c: &mut DbConnection,
    events: &'e [Envelope],
    now: Timestamp,
) -> Result<Vec<&'e Envelope>, HandleError> {
    let mut seen = HashSet::new();
    let once: Vec<&Envelope> = events.iter().filter(|event| seen.insert(id_of(event))).collect();
    let mut fresh = Vec::with_capacity(once.len());
    for chunk in once.chunks(CHUNK) {
        let rows: Vec<Row> = chunk.iter().map(|event| Row { event_id: id_of(event), received_at: now }).collect();
        match insert_many(c, inbox::table, rows).await {
            Ok(_) => fresh.extend_from_slice(chunk),
            // The statement failed whole and changed nothing.
            Err(error) if is_unique_violation(&error) => fresh.extend(admit_unknown(c, chunk, now).await?),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(fresh)
}

async fn admit_unknown<'e>(
    c: &mut DbConnection,
    events: &[&'e Envelope],
    now: Timestamp,
) -> Result<Vec<&'e Envelope>, HandleError> {
    let ids: Vec<EventId> = events.iter().map(|event| id_of(event)).collect();
    let known: Vec<EventId> = inbox::table.filter(inbox::event_id.any_of(&ids)).select(inbox::event_id).load(c).await?;
    let known: HashSet<EventId> = known.into_iter().collect();
    let fresh: Vec<&Envelope> = events.iter().copied().filter(|event| !known.contains(&id_of(event))).collect();
    record(c, fresh.iter().map(|event| id_of(event)), now).await?;
    Ok(fresh)
}

/// Whether the event was handled or parked before.
pub(super) async fn has(c: &mut DbConnection, event: EventId) -> QueryResult<bool> {
    let found: Option<EventId> = inbox::table.find(event).select(inbox::event_id).first(c).await.optional()?;
    Ok(found.is_some())
}

pub(super) async fn record(
    c: &mut DbConnection,
    events: impl Iterator<Item = EventId>,
    now: Timestamp,
) -> Result<(), HandleError> {
    let rows: Vec<Row> = events.map(|event_id| Row { event_id, received_at: now }).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match insert_many(c, inbox::table, rows).await {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(HandleError::transient(error)),
        Err(error) => Err(error.into()),
    }
}
