//! Transaction of the consumer loop: applies a batch of events, or reports why it could not.

use crate::handler::EventHandler;
use crate::process_failure::{FailureAction, ProcessFailure};
use crate::{HandleError, decode, event_trace, inbox, parked, waiting};
use db::DbConnection;
use domain::{EventId, Timestamp};
use futures_util::FutureExt;
use metrics::{counter, gauge};
use proto_events::Envelope;
use runtime::ctx::Ctx;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Events in one transaction at most.
pub(crate) const MAX_BATCH_EVENTS: usize = 500;
/// Shortest and longest wait before a failed event is tried again.
pub(crate) const FIRST_RETRY: Duration = Duration::from_millis(50);
pub(crate) const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// Chunks of one retry of waiting events; the next retry continues after them.
const MAX_WAITING_CHUNKS: u32 = 5;

/// The event handlers of a service with the database that they work on.
pub struct EventProcessor {
    pub(crate) ctx: Ctx,
    handler: Arc<dyn EventHandler>,
    /// Handles its types for every service, and which they are.
    framework: Option<(Arc<dyn EventHandler>, Vec<String>)>,
}

impl EventProcessor {
    /// Passes all events to `handler`.
    pub fn new(ctx: Ctx, handler: Arc<dyn EventHandler>) -> Self {
        Self { ctx, handler, framework: None }
    }

    /// Passes the events of the types of `framework` to it, in the same transaction and before the service's handler
    /// gets the others.
    #[must_use]
    pub fn with_framework(mut self, framework: Arc<dyn EventHandler>) -> Self {
        let types = framework.types();
        self.framework = Some((framework, types));
        self
    }

    pub(crate) fn service(&self) -> &'static str {
        self.ctx.service()
    }

    /// Applies `events` in one transaction, except those that the inbox has already. Returns how many were new.
    pub(crate) async fn process(&self, events: &[Envelope]) -> Result<usize, ProcessFailure> {
        let span = match events {
            [event] => event_trace::event_span(self.service(), event),
            _ => event_trace::batch_span(self.service(), events),
        };
        let now = self.ctx.now();
        let work = async {
            let applied = self.ctx.tx(async |c| self.apply_new(c, events, now).await).await?;
            if applied.passed_to_handler > 0 {
                self.committed().await;
            }
            Ok::<usize, HandleError>(applied.new_events)
        };
        self.catch_panic(work.instrument(span)).await
    }

    /// Replays the parked events for which a replay is requested. Returns how many took effect.
    pub async fn replay_requested(&self) -> Result<usize, HandleError> {
        let mut replayed = 0;
        let requested = parked::list_replay_requests(&mut *self.ctx.db().read().await?).await?;
        for event_id in requested {
            match self.replay(event_id).await {
                Ok(is_replayed) => replayed += usize::from(is_replayed),
                Err(ProcessFailure::Environment(reason)) => return Err(HandleError::transient(reason)),
                Err(failure) => {
                    tracing::warn!(%event_id, %failure, "replay of a parked event failed");
                    let reason = failure.to_string();
                    // The request stands when another attempt may succeed.
                    let retry = failure.action(1) == FailureAction::Retry;
                    self.ctx.tx(async |c| parked::record_failed_replay(c, event_id, &reason, retry).await).await?;
                }
            }
        }
        Ok(replayed)
    }

    /// Retries events that have waited for some time, in the order of their ids after `after`, and parks those that can
    /// never be handled. Returns the id to continue after; `None` at the end.
    pub async fn retry_due(&self, mut after: Option<EventId>) -> Result<Option<EventId>, HandleError> {
        let now = self.ctx.now();
        for _ in 0..MAX_WAITING_CHUNKS {
            let ids = waiting::list_due_for_retry(&mut *self.ctx.db().read().await?, after, now).await?;
            let Some(last) = ids.last() else { return Ok(None) };
            after = Some(*last);
            match self.retry_waiting(&ids).await {
                Ok(()) => continue,
                Err(ProcessFailure::Environment(reason)) => return Err(HandleError::transient(reason)),
                Err(failure) => tracing::info!(service = self.service(), %failure, events = ids.len(),
                    "waiting events failed; handling one by one"),
            }
            for id in ids {
                self.retry_or_park_waiting(id).await?;
            }
        }
        Ok(after)
    }

    /// Retries one waiting event. Parks it when it can never be handled; when it failed for the moment, it goes on
    /// waiting.
    async fn retry_or_park_waiting(&self, event_id: EventId) -> Result<(), HandleError> {
        let mut attempts = 1;
        loop {
            let Err(failure) = self.retry_waiting(std::slice::from_ref(&event_id)).await else { return Ok(()) };
            if let ProcessFailure::Environment(reason) = failure {
                return Err(HandleError::transient(reason));
            }
            let is_panic = matches!(failure, ProcessFailure::Panic(_));
            tracing::warn!(%event_id, %failure, "retry of a waiting event failed");
            match failure.action(attempts) {
                FailureAction::Park(reason) => {
                    if let Err(error) = self.park_waiting(event_id, &reason, attempts).await {
                        tracing::error!(%event_id, %error, "waiting event not parked; retry scheduled");
                    }
                    return Ok(());
                }
                FailureAction::Retry if is_panic => attempts += 1,
                FailureAction::Retry => return Ok(()),
            }
        }
    }

    /// Applies a parked event, without the inbox check, and deletes it from `parked`. `Ok(false)` when it is no longer
    /// parked.
    async fn replay(&self, event_id: EventId) -> Result<bool, ProcessFailure> {
        let work = async {
            let applied = self
                .ctx
                .tx(async |c| {
                    let Some(event) = parked::remove(c, event_id).await? else { return Ok(None) };
                    let span = event_trace::event_span(self.service(), &event);
                    self.apply(c, std::slice::from_ref(&event)).instrument(span).await.map(Some)
                })
                .await?;
            if applied.is_some_and(|passed_to_handler| passed_to_handler > 0) {
                self.committed().await;
            }
            Ok::<bool, HandleError>(applied.is_some())
        };
        self.catch_panic(work).await
    }

    /// Applies waiting events, without the inbox check, and deletes them from `waiting`. A handler whose event has to
    /// wait longer stores it again.
    async fn retry_waiting(&self, event_ids: &[EventId]) -> Result<(), ProcessFailure> {
        let work = async {
            let passed_to_handler = self
                .ctx
                .tx(async |c| {
                    let events = waiting::release_by_id(c, event_ids).await?;
                    if events.is_empty() {
                        return Ok(0);
                    }
                    let span = event_trace::batch_span(self.service(), &events);
                    self.apply(c, &events).instrument(span).await
                })
                .await?;
            if passed_to_handler > 0 {
                self.committed().await;
            }
            Ok::<(), HandleError>(())
        };
        self.catch_panic(work).await
    }

    async fn committed(&self) {
        self.handler.committed().await;
        self.ctx.applied_events().committed();
    }

    /// Turns a panic into a failure of its event, so that the consumer loop survives it. The open transaction is
    /// rolled back with its connection.
    async fn catch_panic<R>(
        &self,
        work: impl Future<Output = Result<R, HandleError>> + Send,
    ) -> Result<R, ProcessFailure> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => Ok(done?),
            Err(panic) => Err(ProcessFailure::from_panic(panic.as_ref())),
        }
    }

    async fn apply_new(
        &self,
        c: &mut DbConnection,
        events: &[Envelope],
        now: Timestamp,
    ) -> Result<Applied, HandleError> {
        let new = inbox::record_new(c, events, now).await?;
        let new_events = new.len();
        let passed_to_handler = if new_events == events.len() {
            self.apply(c, events).await?
        } else {
            self.apply(c, &cloned(&new)).await?
        };
        Ok(Applied { new_events, passed_to_handler })
    }

    /// Passes each event to the framework's handler or to the service's. Returns how many the service's handler got.
    /// Errors with poison for an event without a valid time.
    async fn apply(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<usize, HandleError> {
        for event in events {
            decode::occurred_at(event)?;
        }
        let is_framework = |event: &Envelope| match &self.framework {
            Some((_, types)) => types.contains(&event.event_type),
            None => false,
        };
        let (own, rest): (Vec<&Envelope>, Vec<&Envelope>) = events.iter().partition(|event| is_framework(event));
        if let (Some((framework, _)), false) = (&self.framework, own.is_empty()) {
            framework.handle(c, &cloned(&own)).await?;
        }
        if own.is_empty() && !events.is_empty() {
            self.handler.handle(c, events).await?;
        } else if !rest.is_empty() {
            self.handler.handle(c, &cloned(&rest)).await?;
        }
        Ok(rest.len())
    }

    /// Parks `event`, unless it was handled or parked in the meantime.
    pub(crate) async fn park(&self, event: &Envelope, reason: &str, attempts: u32) -> Result<(), HandleError> {
        let now = self.ctx.now();
        let is_parked: Result<bool, HandleError> = self
            .ctx
            .tx(async |c| {
                let is_new = !inbox::record_new(c, std::slice::from_ref(event), now).await?.is_empty();
                if is_new {
                    parked::insert(c, event, reason, attempts, now).await?;
                }
                Ok(is_new)
            })
            .await;
        if is_parked? {
            self.report_park(event, reason, attempts).await;
        }
        Ok(())
    }

    /// Parks an event that waits, unless it was released in the meantime. Such an event is in the inbox.
    async fn park_waiting(&self, event_id: EventId, reason: &str, attempts: u32) -> Result<(), HandleError> {
        let now = self.ctx.now();
        let parked: Result<Option<Envelope>, HandleError> = self
            .ctx
            .tx(async |c| {
                let event = waiting::release_by_id(c, std::slice::from_ref(&event_id)).await?.pop();
                if let Some(event) = &event {
                    parked::insert(c, event, reason, attempts, now).await?;
                }
                Ok(event)
            })
            .await;
        if let Some(event) = parked? {
            self.report_park(&event, reason, attempts).await;
        }
        Ok(())
    }

    async fn report_park(&self, event: &Envelope, reason: &str, attempts: u32) {
        tracing::error!(service = self.service(), event_id = %uuid::Uuid::from_bytes(event.id),
            event = event.event_type, subject = event.subject, attempts, reason, "event parked");
        self.count_outcome(std::slice::from_ref(event), "parked");
        self.report_parked().await;
    }

    /// Sets the gauge of parked events.
    pub(crate) async fn report_parked(&self) {
        let counted: Result<i64, HandleError> = async {
            let mut c = self.ctx.db().read().await?;
            Ok(parked::count(&mut c).await?)
        }
        .await;
        if let Ok(count) = counted {
            gauge!("consumer_parked", "service" => self.service()).set(i32::try_from(count).unwrap_or(i32::MAX));
        }
    }

    /// Counts `events` by type with what became of them: `ok`, `retried` or `parked`.
    pub(crate) fn count_outcome(&self, events: &[Envelope], outcome: &'static str) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for event in events {
            *counts.entry(&event.event_type).or_default() += 1;
        }
        for (event_type, count) in counts {
            let labels = [
                ("service", self.service().to_owned()),
                ("type", event_type.to_owned()),
                ("outcome", outcome.to_owned()),
            ];
            counter!("consumer_events_total", &labels).increment(count);
        }
    }
}

fn cloned(events: &[&Envelope]) -> Vec<Envelope> {
    events.iter().map(|event| (*event).clone()).collect()
}

/// Result of a committed transaction.
struct Applied {
    new_events: usize,
    passed_to_handler: usize,
}
