//! The columns of an event that is stored whole: of a parked, a waiting or a deferred one.

use crate::schema::{deferred_events, parked, waiting};
use crate::{decode, inbox};
use diesel::prelude::*;
use domain::{EventId, Timestamp};
use proto_events::Envelope;

/// An event as columns. Select them by [`stored_envelope_columns`].
#[derive(Insertable, Queryable)]
#[diesel(table_name = parked, table_name = waiting, table_name = deferred_events, treat_none_as_default_value = false)]
pub(crate) struct StoredEnvelope {
    pub(crate) event_id: EventId,
    event_type: String,
    source: String,
    subject: String,
    pub(crate) occurred_at: Timestamp,
    position: i64,
    traceparent: String,
    payload: Vec<u8>,
}

/// The columns of a [`StoredEnvelope`] in a table.
macro_rules! stored_envelope_columns {
    ($table:ident) => {
        (
            $table::event_id,
            $table::event_type,
            $table::source,
            $table::subject,
            $table::occurred_at,
            $table::position,
            $table::traceparent,
            $table::payload,
        )
    };
}
pub(crate) use stored_envelope_columns;

/// Locks, deletes and returns the events of a table with these ids that are still there, in the order in which they
/// occurred.
macro_rules! release_by_id {
    ($c:expr, $table:ident, $ids:expr) => {{
        let mut rows: Vec<StoredEnvelope> = $table::table
            .filter($table::event_id.any_of($ids))
            .order($table::event_id)
            .select(stored_envelope_columns!($table))
            .lock()
            .load($c)
            .await?;
        diesel::delete($table::table.filter($table::event_id.any_of($ids))).execute($c).await?;
        rows.sort_by_key(|row| (row.occurred_at, row.event_id));
        Ok(rows.into_iter().map(Into::into).collect())
    }};
}
pub(crate) use release_by_id;

impl From<&Envelope> for StoredEnvelope {
    fn from(event: &Envelope) -> Self {
        // A time that no column holds is stored as one that is as invalid, so that a replay refuses the event again.
        let invalid = || Timestamp::UNIX_EPOCH.plus_secs(-1);
        Self {
            event_id: inbox::id_of(event),
            event_type: event.event_type.clone(),
            source: event.source.clone(),
            subject: event.subject.clone(),
            occurred_at: decode::occurred_at(event).unwrap_or_else(|_| invalid()),
            position: event.position,
            traceparent: event.traceparent.clone(),
            payload: event.data.clone(),
        }
    }
}

impl From<StoredEnvelope> for Envelope {
    fn from(row: StoredEnvelope) -> Self {
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An event whose fields are all set.
    pub(crate) fn event() -> Envelope {
        Envelope {
            id: [7; 16],
            source: "booking".to_owned(),
            event_type: "booking.v1.PaymentCompleted".to_owned(),
            time_micros: 1_780_000_000_123_456,
            subject: "रमेश".to_owned(),
            position: i64::MAX,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            data: vec![0, 255, 10],
        }
    }

    #[test]
    fn an_event_is_stored_whole_and_an_invalid_time_stays_invalid() {
        let event = event();
        assert_eq!(Envelope::from(StoredEnvelope::from(&event)), event);
        for time_micros in [-1, i64::MIN, i64::MAX] {
            let stored = Envelope::from(StoredEnvelope::from(&Envelope { time_micros, ..event.clone() }));
            assert!(decode::occurred_at(&stored).is_err(), "{time_micros}");
        }
    }
}
