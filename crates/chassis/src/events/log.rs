//! The outbox as a log: what was sent stays, can be sent again, and goes when it is old.
//!
//! An event's age is that of its id, so a service that publishes and one that consumes, or the same one after the event
//! was sent again, agree on it. The mark that an event was handled outlives the event by some days: as long as an event
//! can be sent again, who has handled it knows.

use crate::config::{ConfigError, Env};
use crate::ctx::Ctx;
use crate::id;
use crate::schema::{inbox, outbox};
use db::{AnyOfExt, Db, DbConnection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The shortest time that events may be kept: no consumer is down for longer unnoticed.
const FEWEST_DAYS: u32 = 30;
const MOST_DAYS: u32 = 36_500;
/// How much longer the mark stays that an event was handled: a copy may lie in a queue, sent just before the end.
const MARGIN_DAYS: u32 = 7;
/// Rows removed by one statement.
const CHUNK: i64 = 1_000;
/// Events on their way again at once: what happens meanwhile is sent after them, so they must not be many.
const AT_ONCE: i64 = 2_000;
const LOOK: Duration = Duration::from_millis(100);

/// How long events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u32,
}

impl Retention {
    /// `EVENTS_KEPT_DAYS`; for ever when unset.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        const NAME: &str = "EVENTS_KEPT_DAYS";
        let days = env.get(NAME).map(|_| env.parse_in(NAME, FEWEST_DAYS, FEWEST_DAYS..=MOST_DAYS, "days"));
        Ok(days.transpose()?.map(|days| Self { days }))
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_hours(-24 * i64::from(days))
}

/// Removes the events that are too old and were sent, and the marks of such that were handled. Answers how many rows.
pub async fn prune(ctx: &Ctx, kept: Retention) -> Result<usize, DbError> {
    let now = ctx.now();
    let end = days_before(now, kept.days);
    // An event that was sent very late has only just been handled.
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
            .limit(CHUNK)
            .select((outbox::position, outbox::event_id, outbox::sent_at))
            .load(c)
            .await?;
        let old: Vec<i64> = rows.iter().filter(|(_, id, sent)| *id < end && sent.is_some()).map(|row| row.0).collect();
        if !old.is_empty() {
            // Somebody may have asked meanwhile for them to be sent again.
            let sent = outbox::table.filter(outbox::position.any_of(&old)).filter(outbox::sent_at.is_not_null());
            pruned += diesel::delete(sent).execute(c).await?;
        }
        // Positions rise with time but for moments: behind one that is new there is nothing old.
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
            .limit(CHUNK)
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

/// Which events to send again.
#[derive(Debug, Clone)]
pub struct Choice {
    /// By when it happened.
    pub from: Timestamp,
    /// Without what happened at this time.
    pub until: Option<Timestamp>,
    /// As in the envelope: `booking.v1.PaymentCompleted`.
    pub event_type: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RepublishError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{asked} events were asked for, but the service does not send: is it running, and the broker there?")]
    NotSent { asked: usize },
}

/// Has the running service send events again, in their order. Who has handled one lets it pass; who is new, or was
/// rebuilt from an empty database, takes it. Answers how many.
///
/// It takes as long as the service needs to send them: only some are on their way at once, so that what happens
/// meanwhile is hardly held up, and `patience` is how long they may take.
pub async fn republish(db: &Db, choice: &Choice, patience: Duration) -> Result<usize, RepublishError> {
    // What happens from now on is sent anyway.
    let newest = newest(&mut *db.write().await?).await.map_err(DbError::from)?;
    let (mut asked, mut after) = (0, i64::MIN);
    loop {
        let last = some_again(&mut *db.write().await?, choice, (after, newest)).await.map_err(DbError::from)?;
        let Some((last, count)) = last else { return Ok(asked) };
        (asked, after) = (asked + count, last);
        let end = Instant::now() + patience;
        while is_unsent(&mut *db.write().await?, last).await.map_err(DbError::from)? {
            if Instant::now() > end {
                return Err(RepublishError::NotSent { asked });
            }
            sleep(LOOK).await;
        }
    }
}

async fn newest(c: &mut DbConnection) -> QueryResult<i64> {
    let last: Option<i64> = outbox::table.select(diesel::dsl::max(outbox::position)).first(c).await?;
    Ok(last.unwrap_or(i64::MIN))
}

/// Makes the next ones after a position and up to another unsent. Answers the last position, and how many they are.
async fn some_again(
    c: &mut DbConnection,
    choice: &Choice,
    (after, until): (i64, i64),
) -> QueryResult<Option<(i64, usize)>> {
    let mut chosen = outbox::table
        .filter(outbox::position.gt(after))
        .filter(outbox::position.le(until))
        .filter(outbox::sent_at.is_not_null())
        .filter(outbox::occurred_at.ge(choice.from))
        .into_boxed();
    if let Some(until) = choice.until {
        chosen = chosen.filter(outbox::occurred_at.lt(until));
    }
    if let Some(event_type) = &choice.event_type {
        chosen = chosen.filter(outbox::event_type.eq(event_type));
    }
    let positions: Vec<i64> = chosen.order(outbox::position).limit(AT_ONCE).select(outbox::position).load(c).await?;
    let Some(last) = positions.last() else { return Ok(None) };
    let again = diesel::update(outbox::table.filter(outbox::position.any_of(&positions)));
    again.set(outbox::sent_at.eq(None::<Timestamp>)).execute(c).await?;
    Ok(Some((*last, positions.len())))
}

/// Whether the service has yet to send something up to this position.
async fn is_unsent(c: &mut DbConnection, last: i64) -> QueryResult<bool> {
    let unsent = outbox::table.filter(outbox::sent_at.is_null()).filter(outbox::position.le(last));
    diesel::select(diesel::dsl::exists(unsent)).get_result(c).await
}
