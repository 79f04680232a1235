//! Transactional outbox: an event is a row that commits with the change it reports. The relay copies rows to the bus.

use crate::schema::outbox;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use proto_events::{Envelope, Event};
use runtime::{id, telemetry};
use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;

/// Rows marked as sent by one statement.
pub(crate) const MAX_MARK_ROWS: usize = 500;

/// A new row of the outbox.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct OutboxEvent {
    event_id: EventId,
    event_type: String,
    subject: String,
    occurred_at: Timestamp,
    traceparent: String,
    payload: Vec<u8>,
}

impl OutboxEvent {
    /// `subject` is the id of what the event is about, `at` is when it occurred.
    pub fn new<M: Event>(subject: impl Display, at: Timestamp, message: &M) -> Self {
        Self {
            event_id: id::fresh(),
            event_type: M::event_type(),
            subject: subject.to_string(),
            occurred_at: at,
            traceparent: telemetry::traceparent(),
            payload: message.encode_to_vec(),
        }
    }
}

/// Inserts one event into the outbox, in the transaction of `c`.
pub async fn publish<M: Event>(
    c: &mut DbConnection,
    subject: impl Display,
    at: Timestamp,
    message: &M,
) -> QueryResult<()> {
    publish_all(c, vec![OutboxEvent::new(subject, at, message)]).await
}

/// Inserts events into the outbox, in their order, in the transaction of `c`.
pub async fn publish_all(c: &mut DbConnection, events: Vec<OutboxEvent>) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    insert_many(c, outbox::table, events).await?;
    // Makes the commit wake the relay.
    c.notify_on_commit();
    Ok(())
}

/// Counts the events of the outbox that are not sent.
pub async fn count_unsent(c: &mut DbConnection) -> QueryResult<i64> {
    outbox::table.filter(outbox::sent_at.is_null()).count().get_result(c).await
}

/// A row of the outbox, as the relay reads it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(db::MultiBackend))]
pub(crate) struct OutboxRow {
    pub(crate) position: i64,
    event_id: EventId,
    pub(crate) event_type: String,
    subject: String,
    occurred_at: Timestamp,
    traceparent: String,
    payload: Vec<u8>,
}

impl OutboxRow {
    pub(crate) fn into_envelope(self, source: &str) -> Envelope {
        Envelope {
            id: *self.event_id.as_bytes(),
            source: source.to_owned(),
            event_type: self.event_type,
            time_micros: self.occurred_at.micros(),
            subject: self.subject,
            position: self.position,
            traceparent: self.traceparent,
            data: self.payload,
        }
    }
}

/// Up to `limit` unsent rows after a position, without those in flight.
pub(crate) async fn next_rows(
    c: &mut DbConnection,
    after: i64,
    in_flight: &HashSet<i64>,
    limit: usize,
) -> QueryResult<Vec<OutboxRow>> {
    let unsent =
        outbox::table.filter(outbox::sent_at.is_null()).filter(outbox::position.gt(after)).order(outbox::position);
    let rows = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if in_flight.is_empty() {
        return unsent.limit(rows(limit)).select(OutboxRow::as_select()).load(c).await;
    }
    // Positions alone are read from the index, so that rows in flight cost little.
    let positions: Vec<i64> = unsent.select(outbox::position).limit(rows(in_flight.len() + limit)).load(c).await?;
    let chosen: Vec<i64> = positions.into_iter().filter(|p| !in_flight.contains(p)).take(limit).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = outbox::table.filter(outbox::position.any_of(&chosen)).order(outbox::position);
    chosen.select(OutboxRow::as_select()).load(c).await
}

/// Marks the rows at `positions` as sent.
pub(crate) async fn mark_sent(c: &mut DbConnection, positions: &BTreeSet<i64>, now: Timestamp) -> QueryResult<()> {
    let sent = outbox::sent_at.eq(Some(now));
    if let Some((first, last)) = range_without_gap(positions) {
        let range = outbox::table.filter(outbox::position.between(first, last));
        return diesel::update(range).set(sent).execute(c).await.map(drop);
    }
    let positions: Vec<i64> = positions.iter().copied().collect();
    for chunk in positions.chunks(MAX_MARK_ROWS) {
        let some = outbox::table.filter(outbox::position.any_of(chunk));
        diesel::update(some).set(sent).execute(c).await?;
    }
    Ok(())
}

/// The first and the last of `positions`, if they are all between them.
fn range_without_gap(positions: &BTreeSet<i64>) -> Option<(i64, i64)> {
    let (first, last) = (*positions.first()?, *positions.last()?);
    i64::try_from(positions.len()).is_ok_and(|len| last - first + 1 == len).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_a_range_only_when_each_position_of_it_is_among_them() {
        let range = |positions: &[i64]| range_without_gap(&positions.iter().copied().collect());
        assert_eq!(range(&[]), None);
        assert_eq!(range(&[5]), Some((5, 5)));
        assert_eq!(range(&[7, 5, 6]), Some((5, 7)));
        assert_eq!(range(&[5, 7]), None);
        assert_eq!(range(&[5, 5, 7]), None, "a position may be confirmed twice");
    }
}
