//! Table of deferred events: events of a type, or with a value, that this version of the service does not know.
//!
//! They are published by a newer version of another service during a release, or were meant for a newer version of this
//! service that was rolled back. A deferred event is not in the inbox. The consumer loop handles it as if it had just
//! arrived, at its start and every minute, once its type is known.

use crate::schema::deferred_events;
use crate::stored_envelope::{StoredEnvelope, release_by_id, stored_envelope_columns};
use db::{AnyOfExt, DbConnection, LockExt, insert_new};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::Envelope;

/// Characters of a reason that are stored.
const MAX_REASON_CHARS: usize = 1000;
/// Events handled in one transaction.
const RETRY_CHUNK_ROWS: i64 = 200;

#[derive(Insertable)]
#[diesel(table_name = deferred_events, treat_none_as_default_value = false)]
struct DeferredRow {
    #[diesel(embed)]
    event: StoredEnvelope,
    reason: String,
    deferred_at: Timestamp,
}

/// Stores events, except those that are deferred already. `reason` is shown to the operator.
pub(crate) async fn store(c: &mut DbConnection, events: &[&Envelope], reason: &str, now: Timestamp) -> QueryResult<()> {
    let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
    let row = |event: &&Envelope| DeferredRow { event: (*event).into(), reason: reason.clone(), deferred_at: now };
    let rows: Vec<DeferredRow> = events.iter().map(row).collect();
    insert_new(c, deferred_events::table, &rows).await.map(drop)
}

/// Counts the deferred events of each type.
pub async fn count_by_type(c: &mut DbConnection) -> QueryResult<Vec<(String, i64)>> {
    let counts = deferred_events::table.group_by(deferred_events::event_type);
    counts.select((deferred_events::event_type, count_star())).load(c).await
}

/// Lists deferred events of `types`, in the order of their ids after `after`.
pub(crate) async fn list_of_types(c: &mut DbConnection, types: &[String], after: EventId) -> QueryResult<Vec<EventId>> {
    deferred_events::table
        .filter(deferred_events::event_type.any_of(types))
        .filter(deferred_events::event_id.gt(after))
        .order(deferred_events::event_id)
        .limit(RETRY_CHUNK_ROWS)
        .select(deferred_events::event_id)
        .load(c)
        .await
}

/// Locks, deletes and returns the events with these ids that are still deferred, in the order in which they occurred.
pub(crate) async fn release_by_id(c: &mut DbConnection, ids: &[EventId]) -> QueryResult<Vec<Envelope>> {
    release_by_id!(c, deferred_events, ids)
}
