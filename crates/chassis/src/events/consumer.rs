//! The receiving end of a service: what a service implements, and the loop that drives it.

use super::backoff::{self, Backoff};
use super::bus::{Answer, Bus, BusDown, Delivery, Queue};
use super::handling::{Failure, Handling, Verdict};
use super::pace::Pace;
use super::{HandleError, parked, waiting};
use crate::ctx::Ctx;
use db::DbConnection;
use domain::EventId;
use metrics::{counter, gauge, histogram};
use proto_events::Envelope;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Events in one transaction at most.
const BATCH: usize = 500;
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(10);
/// How often somebody may have asked for a replay.
const REPLAY_EVERY: Duration = Duration::from_secs(2);
/// Failures of one event after which it is an alarm that it waits: about half a minute.
const ALARM_AFTER: u32 = 10;
/// How often events that wait are handed over again.
const REVISIT_EVERY: Duration = Duration::from_secs(60);
/// So many transient failures in a row are not the events' fault: the rest of a batch is not even tried.
const OUTAGE: u32 = 3;

/// A service's handling of events.
///
/// The loop opens one transaction for a batch, drops the events this service has seen before, and hands the
/// rest over; whatever the handler writes commits with the record that they were seen. When a batch fails,
/// its events are handed over one by one: one that may work later is retried for as long as it takes, one that never
/// will is parked. While the database itself cannot work, nothing is handled, acknowledged or parked.
///
/// No order is promised, so a handler is one of three kinds: it holds for any order, or the highest version
/// wins, or it happens once by a key that is unique for ever.
#[async_trait::async_trait]
pub trait Consumer: Send + Sync + 'static {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError>;

    /// The batch handed over last is committed. A consumer with state in memory makes it current here, and
    /// reloads it from the database when `handle` is called again without this in between.
    async fn committed(&self) {}
}

/// The consumer of a service that listens to nothing but the end of sessions.
#[derive(Debug, Clone, Copy)]
pub struct Ignore;

#[async_trait::async_trait]
impl Consumer for Ignore {
    async fn handle(&self, _: &mut DbConnection, _: &[Envelope]) -> Result<(), HandleError> {
        Ok(())
    }
}

/// Receives until `cancel`, then finishes the batch at hand. It outlives every failure of bus and database.
pub async fn run(consumer: Arc<dyn Consumer>, ctx: Ctx, bus: Arc<dyn Bus>, cancel: CancellationToken) {
    let receiver = Receiver { handling: Handling { ctx, consumer }, bus, cancel };
    tokio::join!(receiver.live(), receiver.bury());
}

/// Carries out the replays asked for, as the loop does every few seconds. For tests; how many took effect.
pub async fn replay_requested(consumer: Arc<dyn Consumer>, ctx: Ctx) -> Result<usize, HandleError> {
    parked::replay_requested(&Handling { ctx, consumer }).await
}

/// Hands over events that have waited for some time again, as the loop does every minute. For tests.
pub async fn revisit_waiting(consumer: Arc<dyn Consumer>, ctx: Ctx) -> Result<(), HandleError> {
    waiting::revisit(&Handling { ctx, consumer }, None).await.map(drop)
}

/// A delivery and how often it has failed alone.
struct Pending {
    event: Envelope,
    answer: Box<dyn Answer>,
    attempts: u32,
}

impl From<Delivery> for Pending {
    fn from(Delivery { event, answer, .. }: Delivery) -> Self {
        Self { event, answer, attempts: 0 }
    }
}

/// Deliveries kept for another try, while others are handled. They stay unacknowledged, so that they come back
/// if this process does not live to try them.
#[derive(Default)]
struct Deferred(Vec<(Instant, Pending)>);

impl Deferred {
    fn put(&mut self, wait: Duration, pending: Pending) {
        self.0.push((Instant::now() + wait, pending));
    }

    /// Waits until some are due, for ever if there are none.
    async fn due(&mut self) -> Vec<Pending> {
        let Some(first) = self.0.iter().map(|(due, _)| *due).min() else { return std::future::pending().await };
        sleep_until(first).await;
        let now = Instant::now();
        self.0.extract_if(.., |(due, _)| *due <= now).map(|(_, pending)| pending).collect()
    }
}

struct Receiver {
    handling: Handling,
    bus: Arc<dyn Bus>,
    cancel: CancellationToken,
}

impl Receiver {
    fn service(&self) -> &'static str {
        self.handling.ctx.service()
    }

    /// Subscribes, again whenever the subscription is lost.
    async fn live(&self) {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        while !self.cancel.is_cancelled() {
            let subscribing = self.cancel.run_until_cancelled(self.bus.subscribe(self.service()));
            let Some(subscribed) = subscribing.await else { return };
            let lost = match subscribed {
                Ok(queue) => {
                    backoff.reset();
                    self.receive(queue).await
                }
                Err(error) => Err(error),
            };
            let Err(error) = lost else { return };
            if backoff.is_fresh() {
                tracing::warn!(service = self.service(), %error, "no events can be received; trying again");
            }
            self.cancel.run_until_cancelled(sleep(backoff.next())).await;
        }
    }

    /// Handles what comes; `Ok` when cancelled.
    async fn receive(&self, mut queue: Box<dyn Queue>) -> Result<(), BusDown> {
        let mut deferred = Deferred::default();
        let mut replays = interval(REPLAY_EVERY);
        replays.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut revisits = interval(REVISIT_EVERY);
        revisits.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut revisited = None;
        let mut pace = Pace::new();
        loop {
            let room = deferred.0.len() < BATCH;
            let batch = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Ok(()),
                _ = replays.tick() => {
                    self.replay().await;
                    continue;
                }
                _ = revisits.tick() => {
                    revisited = self.revisit(revisited).await;
                    continue;
                }
                due = deferred.due() => due,
                batch = queue.next_batch(BATCH, pace.next_batch_at()), if room => {
                    let batch = batch?;
                    pace.begin(batch.len());
                    batch.into_iter().map(Pending::from).collect()
                }
            };
            self.work(queue.as_mut(), batch, &mut deferred).await?;
            let delayed = deferred.0.iter().filter(|(_, pending)| pending.attempts >= ALARM_AFTER).count();
            gauge!("consumer_delayed", "service" => self.service()).set(i32::try_from(delayed).unwrap_or(i32::MAX));
        }
    }

    async fn work(&self, queue: &mut dyn Queue, batch: Vec<Pending>, deferred: &mut Deferred) -> Result<(), BusDown> {
        let begun = Instant::now();
        let (events, rest): (Vec<Envelope>, Vec<_>) =
            batch.into_iter().map(|p| (p.event, (p.answer, p.attempts))).unzip();
        let Some(outcome) = self.handle(&events).await else { return Ok(()) };
        histogram!("consumer_batch_duration_seconds", "service" => self.service()).record(begun.elapsed());
        let failure = match outcome {
            Ok(_) => {
                self.counted(&events, "ok");
                return queue.ack_all(rest.into_iter().map(|(answer, _)| answer).collect()).await;
            }
            Err(failure) => failure,
        };
        let batch = events.into_iter().zip(rest);
        let mut batch = batch.map(|(event, (answer, attempts))| Pending { event, answer, attempts });
        if batch.len() == 1 {
            return match batch.next() {
                Some(only) => self.failed(only, failure, deferred).await,
                None => Ok(()),
            };
        }
        tracing::info!(service = self.service(), %failure, events = batch.len(), "a batch failed; one by one");
        self.one_by_one(batch, deferred).await
    }

    /// Handles `events` in one transaction, once the database can work at all: until then, nothing else is done. `None`
    /// when cancelled meanwhile.
    async fn handle(&self, events: &[Envelope]) -> Option<Result<usize, Failure>> {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            let outcome = self.handling.handle(events).await;
            let Err(Failure::Environment(reason)) = outcome else {
                if !backoff.is_fresh() {
                    tracing::info!(service = self.service(), "the database works again");
                    self.show_stopped(false);
                }
                return Some(outcome);
            };
            tracing::error!(service = self.service(), reason, "the database cannot work; no events are handled");
            self.show_stopped(true);
            self.cancel.run_until_cancelled(sleep(backoff.next())).await?;
        }
    }

    fn show_stopped(&self, is_stopped: bool) {
        gauge!("consumer_stopped", "service" => self.service()).set(f64::from(u8::from(is_stopped)));
    }

    async fn one_by_one(
        &self,
        batch: impl Iterator<Item = Pending> + Send,
        deferred: &mut Deferred,
    ) -> Result<(), BusDown> {
        let mut transient_in_a_row = 0;
        for pending in batch {
            if transient_in_a_row >= OUTAGE {
                deferred.put(FIRST_RETRY, pending);
                continue;
            }
            let Some(outcome) = self.handle(std::slice::from_ref(&pending.event)).await else { return Ok(()) };
            match outcome {
                Ok(_) => {
                    transient_in_a_row = 0;
                    self.counted(std::slice::from_ref(&pending.event), "ok");
                    pending.answer.ack().await?;
                }
                Err(failure) => {
                    let transient = matches!(failure, Failure::Transient(_));
                    transient_in_a_row = if transient { transient_in_a_row + 1 } else { 0 };
                    self.failed(pending, failure, deferred).await?;
                }
            }
        }
        Ok(())
    }

    /// An event failed alone: try it later, or park it.
    async fn failed(&self, mut pending: Pending, failure: Failure, deferred: &mut Deferred) -> Result<(), BusDown> {
        pending.attempts = pending.attempts.saturating_add(1);
        let wait = backoff::after(FIRST_RETRY, LONGEST_RETRY, pending.attempts);
        let (event, attempts) = (&pending.event, pending.attempts);
        match failure.clone().verdict(attempts) {
            Verdict::Retry => {
                if attempts.is_multiple_of(ALARM_AFTER) {
                    tracing::error!(service = self.service(), event = event.event_type, subject = event.subject,
                        attempts, %failure, "an event still fails and is tried again later");
                } else {
                    tracing::warn!(service = self.service(), event = event.event_type, subject = event.subject,
                        attempts, %failure, "an event is tried again later");
                }
                self.counted(std::slice::from_ref(event), "retried");
                deferred.put(wait, pending);
                Ok(())
            }
            Verdict::Park(reason) => match self.park(event, &reason, attempts).await {
                Ok(()) => pending.answer.ack().await,
                Err(error) => {
                    tracing::error!(service = self.service(), %error, "an event could not be parked");
                    deferred.put(wait, pending);
                    Ok(())
                }
            },
        }
    }

    async fn park(&self, event: &Envelope, reason: &str, attempts: u32) -> Result<(), HandleError> {
        let ctx = &self.handling.ctx;
        let now = ctx.now();
        if ctx.tx(async |c| parked::put(c, event, reason, attempts, now).await).await? {
            tracing::error!(service = self.service(), event_id = %uuid::Uuid::from_bytes(event.id),
                event = event.event_type, subject = event.subject, attempts, reason, "an event is parked");
            self.counted(std::slice::from_ref(event), "parked");
            self.show_parked().await;
        }
        Ok(())
    }

    async fn replay(&self) {
        match parked::replay_requested(&self.handling).await {
            Ok(0) => {}
            Ok(replayed) => tracing::info!(service = self.service(), replayed, "parked events were replayed"),
            Err(error) => tracing::warn!(service = self.service(), %error, "replays have to wait"),
        }
        self.show_parked().await;
    }

    /// Where the next revisit goes on.
    async fn revisit(&self, after: Option<EventId>) -> Option<EventId> {
        waiting::revisit(&self.handling, after).await.unwrap_or_else(|error| {
            tracing::warn!(service = self.service(), %error, "waiting events could not be handed over again");
            None
        })
    }

    async fn show_parked(&self) {
        let counted: Result<i64, HandleError> = async {
            let mut c = self.handling.ctx.db().read().await?;
            Ok(parked::count(&mut c).await?)
        }
        .await;
        if let Ok(count) = counted {
            gauge!("consumer_parked", "service" => self.service()).set(i32::try_from(count).unwrap_or(i32::MAX));
        }
    }

    /// Handles or parks what the bus gave up delivering.
    async fn bury(&self) {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        let mut tried = HashSet::new();
        while !self.cancel.is_cancelled() {
            let subscribing = self.cancel.run_until_cancelled(self.bus.dead_letters(self.service()));
            let Some(subscribed) = subscribing.await else { return };
            match subscribed {
                Ok(None) => return,
                Ok(Some(queue)) => {
                    let burying = self.cancel.run_until_cancelled(self.bury_all(queue, &mut tried));
                    let Some(lost) = burying.await else { return };
                    tracing::warn!(service = self.service(), error = %lost, "no dead letters are handled");
                }
                Err(error) => tracing::debug!(service = self.service(), %error, "no dead letters can be received"),
            }
            self.cancel.run_until_cancelled(sleep(backoff.next())).await;
        }
    }

    /// Ends with the subscription.
    async fn bury_all(&self, mut queue: Box<dyn Queue>, tried: &mut HashSet<[u8; 16]>) -> BusDown {
        loop {
            let batch = match queue.next_batch(BATCH, Instant::now()).await {
                Ok(batch) => batch,
                Err(lost) => return lost,
            };
            for Delivery { event, is_redelivered, answer } in batch {
                // One that was being tried when a process ended may be what ended it.
                let may_try = !is_redelivered || tried.contains(&event.id);
                tried.insert(event.id);
                if let Err(error) = self.bury_one(&event, may_try).await {
                    return BusDown(format!("a dead letter could not be parked: {error}"));
                }
                tried.remove(&event.id);
                if let Err(lost) = answer.ack().await {
                    return lost;
                }
            }
        }
    }

    /// Tries a dead letter once more: the bus also gives up on what waited too long for the database.
    async fn bury_one(&self, event: &Envelope, may_try: bool) -> Result<(), HandleError> {
        if !may_try {
            return self.park(event, "the broker gave up delivering it", 0).await;
        }
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            match self.handling.handle(std::slice::from_ref(event)).await {
                Ok(_) => {
                    self.counted(std::slice::from_ref(event), "ok");
                    return Ok(());
                }
                Err(failure @ (Failure::Transient(_) | Failure::Environment(_))) => {
                    tracing::error!(service = self.service(), event = event.event_type, subject = event.subject,
                        %failure, "a dead letter is tried again later");
                    sleep(backoff.next()).await;
                }
                Err(failure @ (Failure::Poison(_) | Failure::Panic(_))) => {
                    let reason = format!("{failure} (after the broker gave up delivering it)");
                    return self.park(event, &reason, 1).await;
                }
            }
        }
    }

    fn counted(&self, events: &[Envelope], outcome: &'static str) {
        let mut types: BTreeMap<&str, u64> = BTreeMap::new();
        for event in events {
            *types.entry(&event.event_type).or_default() += 1;
        }
        for (event_type, count) in types {
            counter!("consumer_events_total", "service" => self.service(), "type" => event_type.to_owned(), "outcome" => outcome)
                .increment(count);
        }
    }
}
