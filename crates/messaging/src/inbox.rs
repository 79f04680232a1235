//! Table of the events that this service has handled. Its rows commit with the effects, so that an event takes effect
//! once.

use crate::schema::inbox;
use db::{DbConnection, insert_new};
use diesel::prelude::*;
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

/// Records `events` and returns those that are new to this service, each once. Another instance that records one of
/// them at the same time commits or rolls back first.
pub(crate) async fn record_new<'e>(
    c: &mut DbConnection,
    events: &'e [Envelope],
    now: Timestamp,
) -> QueryResult<Vec<&'e Envelope>> {
    let rows: Vec<InboxRow> =
        events.iter().map(|event| InboxRow { event_id: id_of(event), received_at: now }).collect();
    let mut new: HashSet<EventId> =
        insert_new(c, inbox::table, &rows).await?.into_iter().map(|row| row.event_id).collect();
    Ok(events.iter().filter(|event| new.remove(&id_of(event))).collect())
}
