//! Event log: retention and republishing of sent outbox rows.
//!
//! The age of an event is that of its id, so publisher and consumer agree on it, also after the event was republished.
//! An inbox row is retained some days longer than the event: as long as an event can be republished, its consumers
//! know whether they have handled it.

use crate::schema::{inbox, outbox};
use db::{AnyOfExt, Db, DbConnection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use futures_util::future::BoxFuture;
use runtime::config::{ConfigError, Env};
use runtime::ctx::Ctx;
use runtime::id;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Shortest and longest retention. No consumer is down unnoticed for longer than the shortest.
const MIN_DAYS: u32 = 30;
const MAX_DAYS: u32 = 36_500;
/// Days by which an inbox row is retained longer: a copy that was sent last may still be in a queue.
const MARGIN_DAYS: u32 = 7;
/// Rows deleted by one statement.
const CHUNK_ROWS: i64 = 1_000;
/// Republished events in flight. New events are sent after them, so they must not be many.
const MAX_IN_FLIGHT: i64 = 2_000;
/// Time between two checks whether republished events are sent.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long sent and handled events are retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u32,
}

impl Retention {
    /// Reads `EVENTS_KEPT_DAYS`; `None`, for unlimited retention, when it is unset.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        const NAME: &str = "EVENTS_KEPT_DAYS";
        let days = env.get(NAME).map(|_| env.parse_in_range(NAME, MIN_DAYS, MIN_DAYS..=MAX_DAYS, "days"));
        Ok(days.transpose()?.map(|days| Self { days }))
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_hours(-24 * i64::from(days))
}

/// Deletes sent outbox rows and inbox rows that are older than the retention. Returns how many rows.
pub async fn prune(ctx: &Ctx, retention: Retention) -> Result<usize, DbError> {
    let now = ctx.now();
    let end = days_before(now, retention.days);
    // An old event that was sent late may have been handled only recently.
    let handled_before = days_before(now, MARGIN_DAYS);
    Ok(prune_outbox(ctx, end).await? + prune_inbox(ctx, days_before(end, MARGIN_DAYS), handled_before).await?)
}

async fn prune_outbox(ctx: &Ctx, end: Timestamp) -> Result<usize, DbError> {
    let end: EventId = id::earliest(end);
    let (mut pruned, mut after) = (0, i64::MIN);
    loop {
        let c = &mut *ctx.db().write().await?;
        let rows: Vec<(i64, EventId, Option<Timestamp>)> = outbox::table
            .filter(outbox::position.gt(after))
            .order(outbox::position)
            .limit(CHUNK_ROWS)
            .select((outbox::position, outbox::event_id, outbox::sent_at))
            .load(c)
            .await?;
        let old: Vec<i64> = rows.iter().filter(|(_, id, sent)| *id < end && sent.is_some()).map(|row| row.0).collect();
        if !old.is_empty() {
            // They may have been marked for republishing in the meantime.
            let sent = outbox::table.filter(outbox::position.any_of(&old)).filter(outbox::sent_at.is_not_null());
            pruned += diesel::delete(sent).execute(c).await?;
        }
        // Positions increase with time, except within moments: after a new row there are no old ones.
        let Some((last, _, _)) = rows.last().filter(|(_, id, _)| *id < end) else { return Ok(pruned) };
        after = *last;
    }
}

async fn prune_inbox(ctx: &Ctx, end: Timestamp, handled_before: Timestamp) -> Result<usize, DbError> {
    let end: EventId = id::earliest(end);
    let (mut pruned, mut after) = (0, EventId::from(uuid::Uuid::nil()));
    loop {
        let c = &mut *ctx.db().write().await?;
        let rows: Vec<(EventId, Timestamp)> = inbox::table
            .filter(inbox::event_id.gt(after))
            .filter(inbox::event_id.lt(end))
            .order(inbox::event_id)
            .limit(CHUNK_ROWS)
            .select((inbox::event_id, inbox::received_at))
            .load(c)
            .await?;
        let Some((last, _)) = rows.last() else { return Ok(pruned) };
        after = *last;
        let old: Vec<EventId> = rows.iter().filter(|(_, at)| *at < handled_before).map(|row| row.0).collect();
        if !old.is_empty() {
            pruned += diesel::delete(inbox::table.filter(inbox::event_id.any_of(&old))).execute(c).await?;
        }
    }
}

/// Which events to republish.
#[derive(Debug, Clone)]
pub struct RepublishFilter {
    /// Events that occurred at this time or later.
    pub from: Timestamp,
    /// Events that occurred before this time.
    pub until: Option<Timestamp>,
    /// As in the envelope, such as `booking.v1.PaymentCompleted`.
    pub event_type: Option<String>,
}

/// Why events were not republished.
#[derive(Debug, thiserror::Error)]
pub enum RepublishError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{requested} events are marked for republishing but not sent: are the service and the broker running?")]
    NotSent { requested: usize },
}

/// Republishes events, in their order, through the relay of the running service. A consumer that has handled an event
/// ignores it; a new consumer, or one with a rebuilt database, handles it. Returns how many.
///
/// Waits until the events are sent. Only `MAX_IN_FLIGHT` are marked at once, so that new events are hardly delayed;
/// each such chunk may take `timeout`.
pub fn republish<'a>(
    db: &'a Db,
    filter: &'a RepublishFilter,
    timeout: Duration,
) -> BoxFuture<'a, Result<usize, RepublishError>> {
    Box::pin(async move {
        // Later events are sent anyway.
        let newest = newest_position(&mut *db.write().await?).await.map_err(DbError::from)?;
        let (mut requested, mut after) = (0, i64::MIN);
        loop {
            let last = mark_unsent(&mut *db.write().await?, filter, (after, newest)).await.map_err(DbError::from)?;
            let Some((last, count)) = last else { return Ok(requested) };
            (requested, after) = (requested + count, last);
            let end = Instant::now() + timeout;
            while has_unsent(&mut *db.write().await?, last).await.map_err(DbError::from)? {
                if Instant::now() > end {
                    return Err(RepublishError::NotSent { requested });
                }
                sleep(POLL_INTERVAL).await;
            }
        }
    })
}

/// The last position of the outbox.
async fn newest_position(c: &mut DbConnection) -> QueryResult<i64> {
    let last: Option<i64> = outbox::table.select(diesel::dsl::max(outbox::position)).first(c).await?;
    Ok(last.unwrap_or(i64::MIN))
}

/// Marks the next events between two positions as unsent. Returns the last position and how many they are.
async fn mark_unsent(
    c: &mut DbConnection,
    filter: &RepublishFilter,
    (after, until): (i64, i64),
) -> QueryResult<Option<(i64, usize)>> {
    let mut chosen = outbox::table
        .filter(outbox::position.gt(after))
        .filter(outbox::position.le(until))
        .filter(outbox::sent_at.is_not_null())
        .filter(outbox::occurred_at.ge(filter.from))
        .into_boxed();
    if let Some(until) = filter.until {
        chosen = chosen.filter(outbox::occurred_at.lt(until));
    }
    if let Some(event_type) = &filter.event_type {
        chosen = chosen.filter(outbox::event_type.eq(event_type));
    }
    let positions: Vec<i64> =
        chosen.order(outbox::position).limit(MAX_IN_FLIGHT).select(outbox::position).load(c).await?;
    let Some(last) = positions.last() else { return Ok(None) };
    let again = diesel::update(outbox::table.filter(outbox::position.any_of(&positions)));
    again.set(outbox::sent_at.eq(None::<Timestamp>)).execute(c).await?;
    Ok(Some((*last, positions.len())))
}

/// Whether an event up to this position is unsent.
async fn has_unsent(c: &mut DbConnection, last: i64) -> QueryResult<bool> {
    let unsent = outbox::table.filter(outbox::sent_at.is_null()).filter(outbox::position.le(last));
    diesel::select(diesel::dsl::exists(unsent)).get_result(c).await
}
