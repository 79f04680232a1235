//! Consumer loop: receives a service's events, retries failed ones, replays parked ones, and retries waiting and
//! deferred ones.

use crate::HandleError;
use crate::bus::{Acker, BusDown, Delivery, EventBus, Queue};
use crate::dead_letters;
use crate::pace::Pace;
use crate::process_failure::{FailureAction, ProcessFailure};
use crate::processor::{EventProcessor, FIRST_RETRY, LONGEST_RETRY, MAX_BATCH_EVENTS};
use crate::retry::EventStore;
use domain::EventId;
use metrics::{gauge, histogram};
use proto_events::Envelope;
use runtime::backoff::{self, Backoff};
use runtime::telemetry::gauge_value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Time between two looks for requested replays.
const REPLAY_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two retries of waiting and deferred events.
const STORED_INTERVAL: Duration = Duration::from_secs(60);
/// Failed attempts of one event after which it is logged as an error and counted as delayed: about half a minute.
const ALARM_ATTEMPTS: u32 = 10;
/// Transient failures in a row after which the rest of a batch is delayed untried: the cause is not the events.
const MAX_TRANSIENT_IN_A_ROW: u32 = 3;

/// Receives events until `cancel`, then finishes the current batch. Reconnects after every failure of bus or database.
pub async fn run(processor: EventProcessor, bus: Arc<dyn EventBus>, cancel: CancellationToken) {
    let receiver = Receiver { processor, bus, cancel };
    let dead_letters = dead_letters::drain(&receiver.processor, &*receiver.bus, &receiver.cancel);
    tokio::join!(receiver.subscribe_loop(), dead_letters);
}

/// A delivery and how often it has failed on its own.
struct PendingDelivery {
    event: Envelope,
    acker: Box<dyn Acker>,
    attempts: u32,
}

impl From<Delivery> for PendingDelivery {
    fn from(Delivery { event, acker, .. }: Delivery) -> Self {
        Self { event, acker, attempts: 0 }
    }
}

/// Deliveries scheduled for a retry while others are handled. They stay unacknowledged, so that the bus delivers them
/// again if this process ends first.
#[derive(Default)]
struct Delayed(Vec<(Instant, PendingDelivery)>);

impl Delayed {
    fn schedule(&mut self, wait: Duration, pending: PendingDelivery) {
        self.0.push((Instant::now() + wait, pending));
    }

    /// Waits until some are due; never returns while there are none.
    async fn due(&mut self) -> Vec<PendingDelivery> {
        let Some(first) = self.0.iter().map(|(due, _)| *due).min() else { return std::future::pending().await };
        sleep_until(first).await;
        let now = Instant::now();
        self.0.extract_if(.., |(due, _)| *due <= now).map(|(_, pending)| pending).collect()
    }
}

struct Receiver {
    processor: EventProcessor,
    bus: Arc<dyn EventBus>,
    cancel: CancellationToken,
}

impl Receiver {
    fn service(&self) -> &'static str {
        self.processor.service()
    }

    /// Subscribes, and subscribes again whenever the subscription is lost.
    async fn subscribe_loop(&self) {
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
                tracing::warn!(service = self.service(), %error, "event subscription failed; retry scheduled");
            }
            self.cancel.run_until_cancelled(sleep(backoff.next_wait())).await;
        }
    }

    /// Handles deliveries until the subscription is lost; `Ok` when cancelled.
    async fn receive(&self, mut queue: Box<dyn Queue>) -> Result<(), BusDown> {
        let mut delayed = Delayed::default();
        let mut replays = interval(REPLAY_INTERVAL);
        replays.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut revisits = interval(STORED_INTERVAL);
        revisits.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stored = StoredRetries::default();
        let mut pace = Pace::new();
        loop {
            let has_capacity = delayed.0.len() < MAX_BATCH_EVENTS;
            let batch = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Ok(()),
                _ = replays.tick() => {
                    self.replay_parked().await;
                    continue;
                }
                _ = revisits.tick() => {
                    self.retry_stored(&mut stored).await;
                    continue;
                }
                due = delayed.due() => due,
                batch = queue.next_batch(MAX_BATCH_EVENTS, pace.next_batch_at()), if has_capacity => {
                    let batch = batch?;
                    pace.begin(batch.len());
                    batch.into_iter().map(PendingDelivery::from).collect()
                }
            };
            self.process_batch(queue.as_mut(), batch, &mut delayed).await?;
            let failing = delayed.0.iter().filter(|(_, pending)| pending.attempts >= ALARM_ATTEMPTS).count();
            gauge!("consumer_delayed", "service" => self.service()).set(gauge_value(failing));
        }
    }

    async fn process_batch(
        &self,
        queue: &mut dyn Queue,
        batch: Vec<PendingDelivery>,
        delayed: &mut Delayed,
    ) -> Result<(), BusDown> {
        let started = Instant::now();
        let (events, rest): (Vec<Envelope>, Vec<_>) =
            batch.into_iter().map(|p| (p.event, (p.acker, p.attempts))).unzip();
        let Some(outcome) = self.process_when_usable(&events).await else { return Ok(()) };
        histogram!("consumer_batch_duration_seconds", "service" => self.service()).record(started.elapsed());
        let failure = match outcome {
            Ok(_) => {
                self.processor.count_processed(&events);
                return queue.ack_all(rest.into_iter().map(|(acker, _)| acker).collect()).await;
            }
            Err(failure) => failure,
        };
        let batch = events.into_iter().zip(rest);
        let mut batch = batch.map(|(event, (acker, attempts))| PendingDelivery { event, acker, attempts });
        if batch.len() == 1 {
            return match batch.next() {
                Some(only) => self.retry_or_park(only, failure, delayed).await,
                None => Ok(()),
            };
        }
        let (service, events) = (self.service(), batch.len());
        tracing::info!(service, %failure, events, "event batch failed; handling one by one");
        self.process_one_by_one(batch, delayed).await
    }

    /// Processes `events` in one transaction. While the database is unusable, waits and tries again; `None` when
    /// cancelled meanwhile.
    async fn process_when_usable(&self, events: &[Envelope]) -> Option<Result<usize, ProcessFailure>> {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            let outcome = self.processor.process(events).await;
            let Err(ProcessFailure::Environment(reason)) = outcome else {
                if !backoff.is_fresh() {
                    tracing::info!(service = self.service(), "database usable again; event consumer resumed");
                    self.report_stopped(false);
                }
                return Some(outcome);
            };
            tracing::error!(service = self.service(), reason, "database unusable; event consumer stopped");
            self.report_stopped(true);
            self.cancel.run_until_cancelled(sleep(backoff.next_wait())).await?;
        }
    }

    fn report_stopped(&self, is_stopped: bool) {
        gauge!("consumer_stopped", "service" => self.service()).set(f64::from(u8::from(is_stopped)));
    }

    async fn process_one_by_one(
        &self,
        batch: impl Iterator<Item = PendingDelivery> + Send,
        delayed: &mut Delayed,
    ) -> Result<(), BusDown> {
        let mut transient_in_a_row = 0;
        for pending in batch {
            if transient_in_a_row >= MAX_TRANSIENT_IN_A_ROW {
                delayed.schedule(FIRST_RETRY, pending);
                continue;
            }
            let event = std::slice::from_ref(&pending.event);
            let Some(outcome) = self.process_when_usable(event).await else { return Ok(()) };
            match outcome {
                Ok(_) => {
                    transient_in_a_row = 0;
                    self.processor.count_processed(event);
                    pending.acker.ack().await?;
                }
                Err(failure) => {
                    let transient = matches!(failure, ProcessFailure::Transient(_));
                    transient_in_a_row = if transient { transient_in_a_row + 1 } else { 0 };
                    self.retry_or_park(pending, failure, delayed).await?;
                }
            }
        }
        Ok(())
    }

    /// Schedules a retry for an event that failed on its own, or parks and acknowledges it.
    async fn retry_or_park(
        &self,
        mut pending: PendingDelivery,
        failure: ProcessFailure,
        delayed: &mut Delayed,
    ) -> Result<(), BusDown> {
        pending.attempts = pending.attempts.saturating_add(1);
        let wait = backoff::delay_after(FIRST_RETRY, LONGEST_RETRY, pending.attempts);
        let (event, attempts) = (&pending.event, pending.attempts);
        match failure.clone().action(attempts) {
            FailureAction::Retry => {
                if attempts.is_multiple_of(ALARM_ATTEMPTS) {
                    tracing::error!(service = self.service(), event = event.event_type, subject = event.subject,
                        attempts, %failure, "event keeps failing; retry scheduled");
                } else {
                    tracing::warn!(service = self.service(), event = event.event_type, subject = event.subject,
                        attempts, %failure, "event failed; retry scheduled");
                }
                self.processor.count_outcome(std::slice::from_ref(event), "retried");
                delayed.schedule(wait, pending);
                Ok(())
            }
            FailureAction::Defer(reason) => match self.processor.defer(event, &reason).await {
                Ok(()) => pending.acker.ack().await,
                Err(error) => {
                    tracing::error!(service = self.service(), %error, "event not deferred; retry scheduled");
                    delayed.schedule(wait, pending);
                    Ok(())
                }
            },
            FailureAction::Park(reason) => match self.processor.park(event, &reason, attempts).await {
                Ok(()) => pending.acker.ack().await,
                Err(error) => {
                    tracing::error!(service = self.service(), %error, "event not parked; retry scheduled");
                    delayed.schedule(wait, pending);
                    Ok(())
                }
            },
        }
    }

    async fn replay_parked(&self) {
        match self.processor.replay_requested().await {
            Ok(0) => {}
            Ok(replayed) => tracing::info!(service = self.service(), replayed, "parked events replayed"),
            Err(error) => tracing::warn!(service = self.service(), %error, "replay of parked events failed"),
        }
        self.processor.report_parked().await;
    }

    /// After an error, the next retry starts at the first event again.
    async fn retry_stored(&self, stored: &mut StoredRetries) {
        let failed = |error: HandleError| {
            tracing::warn!(service = self.service(), %error, "retry of stored events failed");
        };
        stored.waiting =
            self.processor.retry_due(EventStore::Waiting, stored.waiting).await.map_err(failed).unwrap_or_default();
        stored.deferred =
            self.processor.retry_due(EventStore::Deferred, stored.deferred).await.map_err(failed).unwrap_or_default();
        let reported = std::mem::take(&mut stored.reported_types);
        stored.reported_types = self.processor.report_deferred(reported).await.map_err(failed).unwrap_or_default();
    }
}

/// Where the retries of stored events continue.
#[derive(Default)]
struct StoredRetries {
    waiting: Option<EventId>,
    deferred: Option<EventId>,
    /// Types whose deferred events are in the metric.
    reported_types: BTreeSet<String>,
}
