//! Relay: publishes outbox rows to the bus and marks the confirmed ones as sent.
//!
//! One relay per service works under a lease. Two at once do no harm: each event is then published twice, and every
//! inbox drops the second.
//!
//! The relay reads *unsent* rows, not the rows after the last position: MySQL assigns positions before it commits, so
//! a smaller position may appear after a larger one was sent. Only while an event type is held are rows skipped, for a
//! minute at most.

use crate::bus::{BusDown, EventBus, PublishConfirmation, PublishError};
use crate::held_types::HeldTypes;
use crate::outbox::{self, MAX_MARK_ROWS, OutboxRow};
use crate::pace::Pace;
use db::DbError;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use metrics::{counter, gauge};
use parking_lot::{Mutex, MutexGuard};
use runtime::backoff::Backoff;
use runtime::ctx::Ctx;
use runtime::error_chain::error_chain;
use runtime::lease::Lease;
use runtime::telemetry::gauge_value;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

const LEASE: &str = "relay";
/// How long the lease lasts without a renewal.
const LEASE_TERM: Duration = Duration::from_secs(15);
/// Time between two updates of the gauge of unsent events.
const GAUGE_INTERVAL: Duration = Duration::from_secs(5);
/// Time between two reads of the outbox without a notification, for rows that another instance wrote.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Rows of one read.
const MAX_CHUNK_ROWS: usize = 500;
/// How long confirmations are collected before their rows are marked as sent.
const MARK_LINGER: Duration = Duration::from_millis(50);
/// Shortest and longest wait after a failure.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// State shared by the publishing and the confirming half of a relay.
#[derive(Default)]
struct Progress {
    state: Mutex<ProgressState>,
    /// Notified when another event may be published.
    capacity: Notify,
    /// Notified when events have to be published again.
    failed: Notify,
}

#[derive(Default)]
struct ProgressState {
    unconfirmed: usize,
    /// Positions no longer in flight: marked as sent, or to be published again.
    released: Vec<i64>,
    failure: Option<BusDown>,
    /// Types of which the bus returned an event.
    returned: HashSet<String>,
    confirmed_any: bool,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock()
    }
    /// Records an outcome; returns the position when the event is confirmed.
    fn record_outcome(&self, position: i64, outcome: Result<(), PublishError>) -> Option<i64> {
        let mut state = self.state();
        state.unconfirmed = state.unconfirmed.saturating_sub(1);
        match outcome {
            Ok(()) => {
                state.confirmed_any = true;
                self.capacity.notify_one();
                Some(position)
            }
            Err(error) => {
                state.released.push(position);
                match error {
                    PublishError::Down(error) => state.failure = Some(error),
                    PublishError::Unroutable(event_type) => drop(state.returned.insert(event_type)),
                }
                self.failed.notify_one();
                self.capacity.notify_one();
                None
            }
        }
    }
}

type Published = (i64, PublishConfirmation);

/// The relay of one service.
pub struct Relay {
    ctx: Ctx,
    bus: Arc<dyn EventBus>,
}

impl Relay {
    pub fn new(ctx: Ctx, bus: Arc<dyn EventBus>) -> Self {
        Self { ctx, bus }
    }

    /// Works until `cancel`, and goes on after every failure of bus and database.
    pub async fn run(self, cancel: CancellationToken) {
        let lease = Lease::new(self.ctx.clone(), LEASE.to_owned(), LEASE_TERM);
        while !cancel.is_cancelled() {
            match lease.acquire().await {
                Ok(true) => self.run_as_leader(&lease, &cancel).await,
                Ok(false) => {}
                Err(error) => tracing::warn!(service = self.ctx.service(), %error, "relay lease not acquired"),
            }
            cancel.run_until_cancelled(sleep(POLL_INTERVAL)).await;
        }
        lease.release().await;
    }

    /// Relays while this instance holds the lease.
    async fn run_as_leader(&self, lease: &Lease, cancel: &CancellationToken) {
        let session = cancel.child_token();
        let progress = Progress::default();
        let (published, confirmations) = mpsc::unbounded_channel();
        tokio::join!(
            self.publish(&session, published, &progress),
            self.confirm(&session, confirmations, &progress),
            self.report_unsent_loop(&session),
            lease.renew(&session),
        );
        // The next leader reports from now on; an old figure would look like a stopped relay.
        gauge!("outbox_unsent", "service" => self.ctx.service()).set(0);
    }

    async fn report_unsent_loop(&self, session: &CancellationToken) {
        while !session.is_cancelled() {
            self.report_unsent().await;
            session.run_until_cancelled(sleep(GAUGE_INTERVAL)).await;
        }
    }

    async fn publish(
        &self,
        session: &CancellationToken,
        published: mpsc::UnboundedSender<Published>,
        progress: &Progress,
    ) {
        let mut in_flight: HashSet<i64> = HashSet::new();
        let mut held = HeldTypes::new();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut pace = Pace::new();
        while !session.is_cancelled() {
            let (unconfirmed, failure) = {
                let mut state = progress.state();
                for position in state.released.drain(..) {
                    in_flight.remove(&position);
                }
                if std::mem::take(&mut state.confirmed_any) {
                    backoff.reset();
                }
                for event_type in state.returned.drain() {
                    held.hold(event_type, Instant::now());
                }
                (state.unconfirmed, state.failure.take())
            };
            held.release_due(Instant::now());
            let step = match failure {
                Some(error) => {
                    held.rescan();
                    Err(error.to_string())
                }
                None => {
                    self.publish_some(session, (&mut in_flight, &mut held), unconfirmed, &published, progress).await
                }
            };
            let idle = match step {
                // The outbox has more rows already.
                Ok(PublishStep::Published { is_full: true, .. }) => continue,
                Ok(PublishStep::Published { rows, .. }) => {
                    pace.begin(rows);
                    sleep_until(pace.next_batch_at()).boxed()
                }
                Ok(PublishStep::Full) => self.wait_for_capacity(progress).boxed(),
                Ok(PublishStep::Empty) => self.wait_for_rows(progress).boxed(),
                Err(error) => {
                    if backoff.is_fresh() {
                        tracing::warn!(service = self.ctx.service(), error, "event publishing failed; retry scheduled");
                    }
                    sleep(backoff.next_wait()).boxed()
                }
            };
            session.run_until_cancelled(idle).await;
        }
    }

    /// Waits until a quarter of the window is free, so that rows are read by the chunk and not one by one.
    async fn wait_for_capacity(&self, progress: &Progress) {
        let deadline = Instant::now() + MARK_LINGER;
        while Instant::now() < deadline
            && self.bus.window().saturating_sub(progress.state().unconfirmed) < self.bus.window() / 4
        {
            tokio::select! {
                () = progress.capacity.notified() => {}
                () = sleep_until(deadline) => {}
            }
        }
    }

    /// Waits until the outbox may have rows to publish.
    async fn wait_for_rows(&self, progress: &Progress) {
        tokio::select! {
            () = self.ctx.outbox_notify().notified() => {}
            () = progress.failed.notified() => {}
            () = sleep(POLL_INTERVAL) => {}
        }
    }

    /// Publishes the next chunk of unsent rows.
    async fn publish_some(
        &self,
        session: &CancellationToken,
        (in_flight, held): (&mut HashSet<i64>, &mut HeldTypes),
        unconfirmed: usize,
        published: &mpsc::UnboundedSender<Published>,
        progress: &Progress,
    ) -> Result<PublishStep, String> {
        let capacity = self.bus.window().saturating_sub(unconfirmed).min(MAX_CHUNK_ROWS);
        if capacity == 0 {
            return Ok(PublishStep::Full);
        }
        let rows: Result<Vec<OutboxRow>, DbError> = async {
            let mut c = self.ctx.db().read().await?;
            Ok(outbox::next_rows(&mut c, held.scanned(), in_flight, capacity).await?)
        }
        .await;
        let rows = rows.map_err(|error| error_chain(&error))?;
        let Some(last) = rows.last().map(|row| row.position) else { return Ok(PublishStep::Empty) };
        let count = rows.len();
        for row in rows.into_iter().filter(|row| !held.is_held(&row.event_type)) {
            let position = row.position;
            let publishing = self.bus.publish(row.into_envelope(self.ctx.service()));
            // A broker that accepts nothing must not delay the shutdown.
            let Some(accepted) = session.run_until_cancelled(publishing).await else { break };
            let confirm = accepted.map_err(|error| error.to_string())?;
            in_flight.insert(position);
            progress.state().unconfirmed += 1;
            // The confirming half runs as long as the session.
            let _ = published.send((position, confirm));
        }
        held.record_scanned(last);
        Ok(PublishStep::Published { rows: count, is_full: count == capacity })
    }

    /// Collects confirmations and marks their rows as sent, many at a time.
    async fn confirm(
        &self,
        session: &CancellationToken,
        mut published: mpsc::UnboundedReceiver<Published>,
        progress: &Progress,
    ) {
        let mut waiting: FuturesUnordered<BoxFuture<'static, (i64, Result<(), PublishError>)>> =
            FuturesUnordered::new();
        let mut confirmed = BTreeSet::new();
        let mut due = None;
        loop {
            let at = due.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                () = session.cancelled() => break,
                Some((position, confirm)) = published.recv() => {
                    waiting.push(confirm.map(move |outcome| (position, outcome)).boxed());
                    continue;
                }
                Some((position, outcome)) = waiting.next() => {
                    confirmed.extend(progress.record_outcome(position, outcome));
                    while let Some(Some((position, outcome))) = waiting.next().now_or_never() {
                        confirmed.extend(progress.record_outcome(position, outcome));
                    }
                    due.get_or_insert(at + MARK_LINGER);
                }
                () = sleep_until(at), if due.is_some() => {}
            }
            let all_confirmed = waiting.is_empty() && published.is_empty();
            if confirmed.len() >= MAX_MARK_ROWS || all_confirmed || due.is_some_and(|due| due <= Instant::now()) {
                let marked = self.mark_confirmed(&mut confirmed, progress).await;
                due = (!marked).then(|| Instant::now() + FIRST_WAIT);
            }
        }
        self.mark_confirmed(&mut confirmed, progress).await;
    }

    /// Marks the rows and empties `confirmed`; returns false when the database fails.
    async fn mark_confirmed(&self, confirmed: &mut BTreeSet<i64>, progress: &Progress) -> bool {
        if confirmed.is_empty() {
            return true;
        }
        let marked: Result<(), DbError> = async {
            let mut c = self.ctx.db().write().await?;
            Ok(outbox::mark_sent(&mut c, confirmed, self.ctx.now()).await?)
        }
        .await;
        if let Err(error) = marked {
            let service = self.ctx.service();
            tracing::warn!(service, %error, "published events not marked as sent; retry scheduled");
            return false;
        }
        let count = u64::try_from(confirmed.len()).unwrap_or(u64::MAX);
        counter!("outbox_published_total", "service" => self.ctx.service()).increment(count);
        progress.state().released.extend(std::mem::take(confirmed));
        true
    }

    async fn report_unsent(&self) {
        let counted: Result<i64, DbError> = async {
            let mut c = self.ctx.db().read().await?;
            Ok(outbox::count_unsent(&mut c).await?)
        }
        .await;
        if let Ok(count) = counted {
            gauge!("outbox_unsent", "service" => self.ctx.service()).set(gauge_value(count));
        }
    }
}

/// Result of one attempt to publish.
enum PublishStep {
    Published {
        rows: usize,
        is_full: bool,
    },
    /// The window is full.
    Full,
    /// Every unsent row is in flight or held.
    Empty,
}
