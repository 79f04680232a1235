//! Copies outbox rows to the bus and marks those that are safe there.
//!
//! One relay a service works under a lease. Two at once are harmless: each event is then published twice, and
//! every inbox drops the second.
//!
//! It looks for *unsent* rows, never for rows after the last one: MySQL gives positions out before it commits,
//! so a smaller one may appear after a larger one was sent. Only while a type is held that no queue takes are rows
//! passed over, for a minute at most.

use super::backoff::Backoff;
use super::bus::{Bus, BusDown, Confirm, NotTaken};
use super::held::Held;
use super::pace::Pace;
use crate::ctx::Ctx;
use crate::lease::Lease;
use crate::schema::outbox;
use db::{AnyOfExt, DbConnection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use metrics::{counter, gauge};
use proto_events::Envelope;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

const LEASE: &str = "relay";
const TERM: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(5);
/// How long a row may wait when no notification came, as when another instance wrote it.
const POLL: Duration = Duration::from_secs(1);
/// Rows read at once.
const CHUNK: usize = 500;
/// How long confirmations may gather before they are written down.
const LINGER: Duration = Duration::from_millis(50);
/// As many are written down without delay, and in one statement.
const MARK: usize = 500;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How many events the bus does not have yet.
pub async fn unsent(c: &mut DbConnection) -> QueryResult<i64> {
    outbox::table.filter(outbox::sent_at.is_null()).count().get_result(c).await
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(db::MultiBackend))]
struct Row {
    position: i64,
    event_id: EventId,
    event_type: String,
    subject: String,
    occurred_at: Timestamp,
    traceparent: String,
    payload: Vec<u8>,
}

impl Row {
    fn into_envelope(self, source: &str) -> Envelope {
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

/// Up to `room` unsent rows after a position, without those in `taken`.
async fn next_rows(c: &mut DbConnection, after: i64, taken: &HashSet<i64>, room: usize) -> QueryResult<Vec<Row>> {
    let unsent =
        outbox::table.filter(outbox::sent_at.is_null()).filter(outbox::position.gt(after)).order(outbox::position);
    let limit = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    if taken.is_empty() {
        return unsent.limit(limit(room)).select(Row::as_select()).load(c).await;
    }
    // Positions alone come from the index, so that what is under way costs little to pass over.
    let positions: Vec<i64> = unsent.select(outbox::position).limit(limit(taken.len() + room)).load(c).await?;
    let fresh: Vec<i64> = positions.into_iter().filter(|p| !taken.contains(p)).take(room).collect();
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = outbox::table.filter(outbox::position.any_of(&fresh)).order(outbox::position);
    chosen.select(Row::as_select()).load(c).await
}

/// Marks the sorted `positions` sent.
async fn mark(c: &mut DbConnection, positions: &[i64], now: Timestamp) -> QueryResult<()> {
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return Ok(()) };
    let sent = outbox::sent_at.eq(Some(now));
    let without_gap = i64::try_from(positions.len()).is_ok_and(|len| last - first + 1 == len);
    if without_gap {
        let range = outbox::table.filter(outbox::position.between(*first, *last));
        diesel::update(range).set(sent).execute(c).await?;
        return Ok(());
    }
    for chunk in positions.chunks(MARK) {
        let some = outbox::table.filter(outbox::position.any_of(chunk));
        diesel::update(some).set(sent).execute(c).await?;
    }
    Ok(())
}

/// What the two halves of a relay tell each other.
#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    /// Rung when the window has room again.
    room: Notify,
    /// Rung when events have to be published again.
    failed: Notify,
}

#[derive(Default)]
struct State {
    unconfirmed: usize,
    /// Positions no longer under way: marked as sent, or to be published again.
    released: Vec<i64>,
    failure: Option<BusDown>,
    /// Types of which an event was returned.
    returned: HashSet<String>,
    confirmed_any: bool,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn settled(&self, position: i64, outcome: Result<(), NotTaken>) -> Option<i64> {
        let mut state = self.state();
        state.unconfirmed = state.unconfirmed.saturating_sub(1);
        match outcome {
            Ok(()) => {
                state.confirmed_any = true;
                self.room.notify_one();
                Some(position)
            }
            Err(error) => {
                state.released.push(position);
                match error {
                    NotTaken::Down(error) => state.failure = Some(error),
                    NotTaken::NoQueue(event_type) => drop(state.returned.insert(event_type)),
                }
                self.failed.notify_one();
                self.room.notify_one();
                None
            }
        }
    }
}

type Handed = (i64, Confirm);

/// The relay of one service.
pub struct Relay {
    ctx: Ctx,
    bus: Arc<dyn Bus>,
}

impl Relay {
    pub fn new(ctx: Ctx, bus: Arc<dyn Bus>) -> Self {
        Self { ctx, bus }
    }

    /// Works until `cancel`; outlives every failure of bus and database.
    pub async fn run(self, cancel: CancellationToken) {
        let lease = Lease::new(self.ctx.clone(), LEASE.to_owned(), TERM);
        while !cancel.is_cancelled() {
            match lease.hold().await {
                Ok(true) => self.lead(&lease, &cancel).await,
                Ok(false) => {}
                Err(error) => tracing::warn!(service = self.ctx.service(), %error, "the relay cannot start"),
            }
            cancel.run_until_cancelled(sleep(POLL)).await;
        }
        lease.release().await;
    }

    /// Relays while it holds the lease.
    async fn lead(&self, lease: &Lease, cancel: &CancellationToken) {
        let session = cancel.child_token();
        let progress = Progress::default();
        let (handed, confirms) = mpsc::unbounded_channel();
        tokio::join!(
            self.publish(&session, handed, &progress),
            self.settle(&session, confirms, &progress),
            self.keep(lease, &session),
        );
    }

    async fn keep(&self, lease: &Lease, session: &CancellationToken) {
        loop {
            self.show_unsent().await;
            if session.run_until_cancelled(sleep(RENEW)).await.is_none() {
                return;
            }
            match lease.hold().await {
                Ok(true) => {}
                Ok(false) => session.cancel(),
                // Going on without can only cause duplicates; stopping would stop the events.
                Err(error) => tracing::warn!(service = self.ctx.service(), %error, "the relay's lease is not renewed"),
            }
        }
    }

    async fn publish(&self, session: &CancellationToken, handed: mpsc::UnboundedSender<Handed>, progress: &Progress) {
        let mut taken: HashSet<i64> = HashSet::new();
        let mut held = Held::new();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut pace = Pace::new();
        while !session.is_cancelled() {
            let (unconfirmed, failure) = {
                let mut state = progress.state();
                for position in state.released.drain(..) {
                    taken.remove(&position);
                }
                if std::mem::take(&mut state.confirmed_any) {
                    backoff.reset();
                }
                for event_type in state.returned.drain() {
                    held.returned(event_type, Instant::now());
                }
                (state.unconfirmed, state.failure.take())
            };
            held.release(Instant::now());
            let step = match failure {
                Some(error) => {
                    held.look_again();
                    Err(error.to_string())
                }
                None => self.publish_some(session, (&mut taken, &mut held), unconfirmed, &handed, progress).await,
            };
            let idle = match step {
                // There are more rows already.
                Ok(Step::Published { is_full: true, .. }) => continue,
                Ok(Step::Published { rows, .. }) => {
                    pace.begin(rows);
                    sleep_until(pace.next_batch_at()).boxed()
                }
                Ok(Step::Full) => self.room(progress).boxed(),
                Ok(Step::Empty) => self.news(progress).boxed(),
                Err(error) => {
                    if backoff.is_fresh() {
                        tracing::warn!(service = self.ctx.service(), error, "events wait in the outbox");
                    }
                    sleep(backoff.next()).boxed()
                }
            };
            session.run_until_cancelled(idle).await;
        }
    }

    /// A window that was full is refilled by the quarter, not by the event.
    async fn room(&self, progress: &Progress) {
        let deadline = Instant::now() + LINGER;
        while Instant::now() < deadline
            && self.bus.window().saturating_sub(progress.state().unconfirmed) < self.bus.window() / 4
        {
            tokio::select! {
                () = progress.room.notified() => {}
                () = sleep_until(deadline) => {}
            }
        }
    }

    async fn news(&self, progress: &Progress) {
        tokio::select! {
            () = self.ctx.outbox_notify().notified() => {}
            () = progress.failed.notified() => {}
            () = sleep(POLL) => {}
        }
    }

    async fn publish_some(
        &self,
        session: &CancellationToken,
        (taken, held): (&mut HashSet<i64>, &mut Held),
        unconfirmed: usize,
        handed: &mpsc::UnboundedSender<Handed>,
        progress: &Progress,
    ) -> Result<Step, String> {
        let room = self.bus.window().saturating_sub(unconfirmed).min(CHUNK);
        if room == 0 {
            return Ok(Step::Full);
        }
        let rows: Result<Vec<Row>, DbError> = async {
            let mut c = self.ctx.db().read().await?;
            Ok(next_rows(&mut c, held.passed(), taken, room).await?)
        }
        .await;
        let rows = rows.map_err(|error| super::handling::chain(&error))?;
        let Some(last) = rows.last().map(|row| row.position) else { return Ok(Step::Empty) };
        let count = rows.len();
        for row in rows.into_iter().filter(|row| !held.holds(&row.event_type)) {
            let position = row.position;
            let publishing = self.bus.publish(row.into_envelope(self.ctx.service()));
            // A broker that takes nothing must not hold up the end of the process.
            let Some(accepted) = session.run_until_cancelled(publishing).await else { break };
            let confirm = accepted.map_err(|error| error.to_string())?;
            taken.insert(position);
            progress.state().unconfirmed += 1;
            // The other half ends only with the session.
            let _ = handed.send((position, confirm));
        }
        held.pass(last);
        Ok(Step::Published { rows: count, is_full: count == room })
    }

    /// Waits for confirmations and writes them down, many at a time.
    async fn settle(
        &self,
        session: &CancellationToken,
        mut handed: mpsc::UnboundedReceiver<Handed>,
        progress: &Progress,
    ) {
        let mut waiting: FuturesUnordered<BoxFuture<'static, (i64, Result<(), NotTaken>)>> = FuturesUnordered::new();
        let mut confirmed: Vec<i64> = Vec::new();
        let mut due = None;
        loop {
            let at = due.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                () = session.cancelled() => break,
                Some((position, confirm)) = handed.recv() => {
                    waiting.push(confirm.map(move |outcome| (position, outcome)).boxed());
                    continue;
                }
                Some((position, outcome)) = waiting.next() => {
                    confirmed.extend(progress.settled(position, outcome));
                    while let Some(Some((position, outcome))) = waiting.next().now_or_never() {
                        confirmed.extend(progress.settled(position, outcome));
                    }
                    due.get_or_insert(at + LINGER);
                }
                () = sleep_until(at), if due.is_some() => {}
            }
            let nothing_more = waiting.is_empty() && handed.is_empty();
            if confirmed.len() >= MARK || nothing_more || due.is_some_and(|due| due <= Instant::now()) {
                let marked = self.mark_all(&mut confirmed, progress).await;
                due = (!marked).then(|| Instant::now() + FIRST_WAIT);
            }
        }
        self.mark_all(&mut confirmed, progress).await;
    }

    /// Empties `confirmed` unless the database fails.
    async fn mark_all(&self, confirmed: &mut Vec<i64>, progress: &Progress) -> bool {
        if confirmed.is_empty() {
            return true;
        }
        confirmed.sort_unstable();
        let marked: Result<(), DbError> = async {
            let mut c = self.ctx.db().write().await?;
            Ok(mark(&mut c, confirmed, self.ctx.now()).await?)
        }
        .await;
        if let Err(error) = marked {
            tracing::warn!(service = self.ctx.service(), %error, "sent events could not be marked");
            return false;
        }
        let count = u64::try_from(confirmed.len()).unwrap_or(u64::MAX);
        counter!("outbox_published_total", "service" => self.ctx.service()).increment(count);
        progress.state().released.append(confirmed);
        true
    }

    async fn show_unsent(&self) {
        let counted: Result<i64, DbError> = async {
            let mut c = self.ctx.db().read().await?;
            Ok(unsent(&mut c).await?)
        }
        .await;
        if let Ok(count) = counted {
            gauge!("outbox_unsent", "service" => self.ctx.service()).set(i32::try_from(count).unwrap_or(i32::MAX));
        }
    }
}

enum Step {
    Published {
        rows: usize,
        is_full: bool,
    },
    /// Nothing more may be unconfirmed.
    Full,
    /// Nothing is unsent that is not under way.
    Empty,
}
