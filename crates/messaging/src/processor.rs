//! Transaction of the consumer loop: applies a batch of events, or reports why it could not.

use crate::handler::EventHandler;
use crate::{HandleError, event_trace, inbox, parked, waiting};
use db::{DbConnection, ErrorClass};
use domain::{EventId, Timestamp};
use futures_util::FutureExt;
use metrics::{counter, gauge};
use proto_events::Envelope;
use runtime::ctx::Ctx;
use runtime::error_chain::error_chain;
use std::any::Any;
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
/// Attempts after which an event whose handler panics is parked.
const MAX_PANIC_ATTEMPTS: u32 = 3;

/// Chunks of one retry of waiting events; the next retry continues after them.
const MAX_WAITING_CHUNKS: u32 = 5;

/// Why a transaction was rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProcessFailure {
    /// The same event may succeed later, and others may succeed now.
    Transient(String),
    /// No event can succeed until an operator has repaired the database.
    Environment(String),
    /// The event can never be handled.
    Poison(String),
    /// The handler panicked.
    Panic(String),
}

/// What to do with an event that failed on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureAction {
    Retry,
    /// With the reason to store.
    Park(String),
}

impl ProcessFailure {
    /// `attempts` counts the failed attempts, this one included.
    pub(crate) fn action(self, attempts: u32) -> FailureAction {
        match self {
            Self::Poison(reason) => FailureAction::Park(reason),
            Self::Panic(reason) if attempts >= MAX_PANIC_ATTEMPTS => FailureAction::Park(format!("panic: {reason}")),
            Self::Panic(_) | Self::Transient(_) | Self::Environment(_) => FailureAction::Retry,
        }
    }

    fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

impl std::fmt::Display for ProcessFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Transient(reason) | Self::Environment(reason) | Self::Poison(reason) => f.write_str(reason),
            Self::Panic(reason) => write!(f, "panic: {reason}"),
        }
    }
}

impl From<HandleError> for ProcessFailure {
    fn from(error: HandleError) -> Self {
        let reason = error_chain(&error);
        match error.class() {
            ErrorClass::Data => Self::Poison(reason),
            ErrorClass::Transient => Self::Transient(reason),
            ErrorClass::Environment => Self::Environment(reason),
        }
    }
}

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

    /// Retries events that have waited for some time, in the order of their ids after `after`. Returns the id to
    /// continue after; `None` at the end.
    pub async fn retry_due(&self, mut after: Option<EventId>) -> Result<Option<EventId>, HandleError> {
        let now = self.ctx.now();
        for _ in 0..MAX_WAITING_CHUNKS {
            let ids = waiting::list_due_for_retry(&mut *self.ctx.db().read().await?, after, now).await?;
            let Some(last) = ids.last() else { return Ok(None) };
            after = Some(*last);
            if self.retry_waiting(&ids).await.is_ok() {
                continue;
            }
            for id in &ids {
                if let Err(failure) = self.retry_waiting(std::slice::from_ref(id)).await {
                    tracing::warn!(event_id = %id, %failure, "retry of a waiting event failed");
                }
            }
        }
        Ok(after)
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
    async fn apply(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<usize, HandleError> {
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
        if self.ctx.tx(async |c| parked::insert(c, event, reason, attempts, now).await).await? {
            tracing::error!(service = self.service(), event_id = %uuid::Uuid::from_bytes(event.id),
                event = event.event_type, subject = event.subject, attempts, reason, "event parked");
            self.count_outcome(std::slice::from_ref(event), "parked");
            self.report_parked().await;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_that_can_never_be_handled_is_parked() {
        let panic = || ProcessFailure::Panic("oh".to_owned());
        for attempts in [1, 50, 51, u32::MAX] {
            let (busy, denied) = ("busy".to_owned(), "no right".to_owned());
            assert_eq!(ProcessFailure::Transient(busy).action(attempts), FailureAction::Retry, "{attempts}");
            assert_eq!(ProcessFailure::Environment(denied).action(attempts), FailureAction::Retry, "{attempts}");
        }
        assert_eq!(panic().action(2), FailureAction::Retry);
        assert_eq!(panic().action(3), FailureAction::Park("panic: oh".to_owned()));
        assert_eq!(ProcessFailure::Poison("no".to_owned()).action(1), FailureAction::Park("no".to_owned()));
    }
}
