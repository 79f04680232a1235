//! An event is a row of the transaction that made it true. The relay only copies rows.

use crate::id;
use crate::schema::outbox;
use crate::telemetry;
use db::{DbConnection, insert_many};
use diesel::prelude::*;
use domain::{EventId, Timestamp};
use proto_events::Event;
use std::fmt::Display;

/// An event on its way into the outbox.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct Draft {
    event_id: EventId,
    event_type: String,
    subject: String,
    occurred_at: Timestamp,
    traceparent: String,
    payload: Vec<u8>,
}

impl Draft {
    /// `subject` is the id of what the event is about, `at` when it happened.
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

/// Puts one event in the outbox of the transaction at hand.
pub async fn publish<M: Event>(
    c: &mut DbConnection,
    subject: impl Display,
    at: Timestamp,
    message: &M,
) -> QueryResult<()> {
    publish_all(c, vec![Draft::new(subject, at, message)]).await
}

/// Puts many events in the outbox, in their order, in one statement.
pub async fn publish_all(c: &mut DbConnection, drafts: Vec<Draft>) -> QueryResult<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    insert_many(c, outbox::table, drafts).await?;
    // The relay is woken by this commit, and by none that leaves it nothing to send.
    c.signal_commit();
    Ok(())
}
