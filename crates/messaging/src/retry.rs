//! Retry of stored events: of those that wait for another event, and of those deferred until their type is known.

use crate::process_failure::{FailureAction, ProcessFailure};
use crate::processor::EventProcessor;
use crate::{HandleError, deferred, event_trace, inbox, parked, waiting};
use db::DbConnection;
use diesel::QueryResult;
use domain::EventId;
use metrics::gauge;
use proto_events::Envelope;
use runtime::telemetry::gauge_value;
use std::collections::BTreeSet;
use tracing::Instrument;

/// Chunks of one retry; the next retry continues after them.
const MAX_CHUNKS: u32 = 5;

/// A table of events that are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStore {
    /// Events that are in the inbox and wait for another event.
    Waiting,
    /// Events that are not in the inbox, because this version of the service did not know their type or a value.
    Deferred,
}

impl EventStore {
    async fn release(self, c: &mut DbConnection, ids: &[EventId]) -> QueryResult<Vec<Envelope>> {
        match self {
            Self::Waiting => waiting::release_by_id(c, ids).await,
            Self::Deferred => deferred::release_by_id(c, ids).await,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Deferred => "deferred",
        }
    }
}

impl EventProcessor {
    /// Retries the events of `store` that are due, in the order of their ids after `after`, and parks those that can
    /// never be handled. Returns the id to continue after; `None` at the end.
    pub async fn retry_due(
        &self,
        store: EventStore,
        mut after: Option<EventId>,
    ) -> Result<Option<EventId>, HandleError> {
        for _ in 0..MAX_CHUNKS {
            let ids = self.list_due(store, after).await?;
            let Some(last) = ids.last() else { return Ok(None) };
            after = Some(*last);
            match self.retry(store, &ids).await {
                Ok(()) => continue,
                Err(ProcessFailure::Environment(reason)) => return Err(HandleError::transient(reason)),
                Err(failure) => tracing::info!(service = self.service(), %failure, events = ids.len(),
                    store = store.as_str(), "stored events failed; handling one by one"),
            }
            for id in ids {
                self.retry_or_park(store, id).await?;
            }
        }
        Ok(after)
    }

    async fn list_due(&self, store: EventStore, after: Option<EventId>) -> Result<Vec<EventId>, HandleError> {
        let mut c = self.ctx.db().read().await?;
        let after = after.unwrap_or_else(|| EventId::from(uuid::Uuid::nil()));
        Ok(match store {
            EventStore::Waiting => waiting::list_due_for_retry(&mut c, after, self.ctx.now()).await?,
            EventStore::Deferred => {
                let known: Vec<String> = self.known_types().iter().cloned().collect();
                deferred::list_of_types(&mut c, &known, after).await?
            }
        })
    }

    /// Retries one event. Parks it when it can never be handled; otherwise a failed event stays where it is.
    async fn retry_or_park(&self, store: EventStore, event_id: EventId) -> Result<(), HandleError> {
        let mut attempts = 1;
        loop {
            let Err(failure) = self.retry(store, std::slice::from_ref(&event_id)).await else { return Ok(()) };
            if let ProcessFailure::Environment(reason) = failure {
                return Err(HandleError::transient(reason));
            }
            let is_panic = matches!(failure, ProcessFailure::Panic(_));
            match failure.clone().action(attempts) {
                FailureAction::Park(reason) => {
                    if let Err(error) = self.park_stored(store, event_id, &reason, attempts).await {
                        tracing::error!(%event_id, %error, "stored event not parked; retry scheduled");
                    }
                    return Ok(());
                }
                FailureAction::Retry if is_panic => attempts += 1,
                FailureAction::Retry => {
                    tracing::warn!(%event_id, %failure, store = store.as_str(), "retry of a stored event failed");
                    return Ok(());
                }
                FailureAction::Defer(_) => return Ok(()),
            }
        }
    }

    /// Deletes events from `store` and applies them in one transaction. A handler whose event has to wait longer stores
    /// it again.
    async fn retry(&self, store: EventStore, event_ids: &[EventId]) -> Result<(), ProcessFailure> {
        let now = self.ctx.now();
        let work = async {
            let passed_to_handler = self
                .ctx
                .tx(async |c| {
                    let events = store.release(c, event_ids).await?;
                    if events.is_empty() {
                        return Ok(0);
                    }
                    let span = event_trace::batch_span(self.service(), &events);
                    match store {
                        EventStore::Waiting => self.apply(c, &events).instrument(span).await,
                        EventStore::Deferred => {
                            self.apply_known(c, &events, now).instrument(span).await.map(|done| done.passed_to_handler)
                        }
                    }
                })
                .await?;
            if passed_to_handler > 0 {
                self.committed().await;
            }
            Ok::<(), HandleError>(())
        };
        self.catch_panic(work).await
    }

    /// Parks an event of `store`, unless it was released in the meantime. Afterwards it is in the inbox.
    async fn park_stored(
        &self,
        store: EventStore,
        event_id: EventId,
        reason: &str,
        attempts: u32,
    ) -> Result<(), HandleError> {
        let now = self.ctx.now();
        let parked: Result<Option<Envelope>, HandleError> = self
            .ctx
            .tx(async |c| {
                let Some(event) = store.release(c, std::slice::from_ref(&event_id)).await?.pop() else {
                    return Ok(None);
                };
                let is_unhandled = match store {
                    EventStore::Waiting => true,
                    EventStore::Deferred => !inbox::record_new(c, std::slice::from_ref(&event), now).await?.is_empty(),
                };
                if is_unhandled {
                    parked::insert(c, &event, reason, attempts, now).await?;
                }
                Ok(is_unhandled.then_some(event))
            })
            .await;
        if let Some(event) = parked? {
            self.report_park(&event, reason, attempts).await;
        }
        Ok(())
    }

    /// Sets the gauge of deferred events by type; 0 for the types of `reported` that have none any more. Returns the
    /// types that have some.
    pub(crate) async fn report_deferred(&self, reported: BTreeSet<String>) -> Result<BTreeSet<String>, HandleError> {
        let counts = deferred::count_by_type(&mut *self.ctx.db().read().await?).await?;
        let set = |event_type: &str, count: i64| {
            let labels = [("service", self.service().to_owned()), ("type", event_type.to_owned())];
            gauge!("deferred_events", &labels).set(gauge_value(count));
        };
        reported.iter().for_each(|event_type| set(event_type, 0));
        counts.iter().for_each(|(event_type, count)| set(event_type, *count));
        Ok(counts.into_iter().map(|(event_type, _)| event_type).collect())
    }
}
