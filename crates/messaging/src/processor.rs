//! Transaction of the consumer loop: applies a batch of events, or reports why it could not.

use crate::handler::EventHandler;
use crate::process_failure::{FailureAction, ProcessFailure};
use crate::{HandleError, decode, deferred, event_trace, inbox, parked};
use db::DbConnection;
use domain::{EventId, Timestamp};
use futures_util::FutureExt;
use metrics::{counter, gauge};
use proto_events::Envelope;
use runtime::ctx::Ctx;
use runtime::telemetry::gauge_value;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Events in one transaction at most.
pub(crate) const MAX_BATCH_EVENTS: usize = 500;
/// Why an event of an unknown type is deferred.
const UNKNOWN_TYPE: &str = "this version of the service does not know the type";
/// Shortest and longest wait before a failed event is tried again.
pub(crate) const FIRST_RETRY: Duration = Duration::from_millis(50);
pub(crate) const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// The event handlers of a service with the database that they work on.
pub struct EventProcessor {
    pub(crate) ctx: Ctx,
    handler: Arc<dyn EventHandler>,
    /// Handles its types for every service, and which they are.
    framework: Option<(Arc<dyn EventHandler>, Vec<String>)>,
    /// All types that this version of the service knows.
    known_types: BTreeSet<String>,
}

impl EventProcessor {
    /// Passes all events to `handler`.
    pub fn new(ctx: Ctx, handler: Arc<dyn EventHandler>) -> Self {
        let known_types = handler.types().into_iter().collect();
        Self { ctx, handler, framework: None, known_types }
    }

    /// Passes the events of the types of `framework` to it, in the same transaction and before the service's handler
    /// gets the others.
    #[must_use]
    pub fn with_framework(mut self, framework: Arc<dyn EventHandler>) -> Self {
        let types = framework.types();
        self.known_types.extend(types.iter().cloned());
        self.framework = Some((framework, types));
        self
    }

    pub(crate) fn service(&self) -> &'static str {
        self.ctx.service()
    }

    /// Whether this version of the service knows the type of the event.
    fn knows(&self, event: &Envelope) -> bool {
        self.known_types.contains(&event.event_type)
    }

    pub(crate) const fn known_types(&self) -> &BTreeSet<String> {
        &self.known_types
    }

    /// Applies `events` in one transaction, except those that the inbox has already, and stores those of unknown types as
    /// deferred. Returns how many took effect.
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

    pub(crate) async fn committed(&self) {
        self.handler.committed().await;
        self.ctx.applied_events().committed();
    }

    /// Turns a panic into a failure of its event, so that the consumer loop survives it. The open transaction is
    /// rolled back with its connection.
    pub(crate) async fn catch_panic<R>(
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
        if events.iter().all(|event| self.knows(event)) {
            return self.apply_known(c, events, now).await;
        }
        let (known, unknown): (Vec<&Envelope>, Vec<&Envelope>) = events.iter().partition(|event| self.knows(event));
        deferred::store(c, &unknown, UNKNOWN_TYPE, now).await?;
        self.apply_known(c, &cloned(&known), now).await
    }

    /// Applies events of known types, except those that the inbox has already.
    pub(crate) async fn apply_known(
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
    pub(crate) async fn apply(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<usize, HandleError> {
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

    /// Stores `event` as deferred.
    pub(crate) async fn defer(&self, event: &Envelope, reason: &str) -> Result<(), HandleError> {
        let now = self.ctx.now();
        let stored: Result<(), HandleError> =
            self.ctx.tx(async |c| Ok(deferred::store(c, &[event], reason, now).await?)).await;
        stored?;
        tracing::warn!(service = self.service(), event_id = %uuid::Uuid::from_bytes(event.id),
            event = event.event_type, subject = event.subject, reason, "event deferred");
        self.count_outcome(std::slice::from_ref(event), "deferred");
        Ok(())
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

    pub(crate) async fn report_park(&self, event: &Envelope, reason: &str, attempts: u32) {
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
            gauge!("consumer_parked", "service" => self.service()).set(gauge_value(count));
        }
    }

    /// Counts events that were processed: as `ok`, or as `deferred` where the type is unknown.
    pub(crate) fn count_processed(&self, events: &[Envelope]) {
        for group in events.chunk_by(|a, b| self.knows(a) == self.knows(b)) {
            self.count_outcome(group, if group.iter().all(|event| self.knows(event)) { "ok" } else { "deferred" });
        }
    }

    /// Counts `events` by type with what became of them: `ok`, `retried`, `deferred` or `parked`.
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
pub(crate) struct Applied {
    new_events: usize,
    pub(crate) passed_to_handler: usize,
}
