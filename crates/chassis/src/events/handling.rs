//! One transaction of the consumer loop: events in; their effects, or the reason why there are none, out.

use super::consumer::Consumer;
use super::{HandleError, inbox, parked, waiting};
use crate::auth::revocation;
use crate::ctx::Ctx;
use crate::telemetry;
use db::{DbConnection, Fault};
use domain::{EventId, Timestamp};
use futures_util::FutureExt;
use proto_events::Envelope;
use proto_events::auth::v1::SessionRevoked;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument;

/// A panic may be bad luck once.
const PANIC_LIMIT: u32 = 3;

/// Why a transaction has no effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Other events may fare better.
    Transient(String),
    /// No event can be handled until somebody mends the database.
    Environment(String),
    Poison(String),
    Panic(String),
}

/// What to do with an event that failed alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Retry,
    Park(String),
}

impl Failure {
    /// `attempts` counts the failed ones, this one included.
    pub(super) fn verdict(self, attempts: u32) -> Verdict {
        match self {
            Self::Poison(reason) => Verdict::Park(reason),
            Self::Panic(reason) if attempts >= PANIC_LIMIT => Verdict::Park(format!("panic: {reason}")),
            Self::Panic(_) | Self::Transient(_) | Self::Environment(_) => Verdict::Retry,
        }
    }

    fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Transient(reason) | Self::Environment(reason) | Self::Poison(reason) => f.write_str(reason),
            Self::Panic(reason) => write!(f, "panic: {reason}"),
        }
    }
}

impl From<HandleError> for Failure {
    fn from(error: HandleError) -> Self {
        let reason = chain(&error);
        match error.fault() {
            Fault::Data => Self::Poison(reason),
            Fault::Transient => Self::Transient(reason),
            Fault::Environment => Self::Environment(reason),
        }
    }
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // A transparent or quoting error says its cause's words already.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// A service's consumer and what it works on.
pub(super) struct Handling {
    pub(super) ctx: Ctx,
    pub(super) consumer: Arc<dyn Consumer>,
}

impl Handling {
    /// Handles `events` in one transaction, without those seen before. The answer is how many were new.
    pub(super) async fn handle(&self, events: &[Envelope]) -> Result<usize, Failure> {
        let span = match events {
            [event] => telemetry::event_span(self.ctx.service(), event),
            _ => telemetry::batch_span(self.ctx.service(), events),
        };
        let now = self.ctx.now();
        let work = async {
            let done = self.ctx.tx(async |c| self.admit_and_apply(c, events, now).await).await?;
            if done.handed_over > 0 {
                self.consumer.committed().await;
            }
            Ok::<usize, HandleError>(done.fresh)
        };
        self.guarded(work.instrument(span)).await
    }

    /// Handles a parked event again, past the inbox, which has it. `Ok(false)`: it is not parked any more.
    pub(super) async fn replay(&self, event_id: EventId) -> Result<bool, Failure> {
        let now = self.ctx.now();
        let work = async {
            let done = self
                .ctx
                .tx(async |c| {
                    let Some(event) = parked::take(c, event_id).await? else { return Ok(None) };
                    let span = telemetry::event_span(self.ctx.service(), &event);
                    self.apply(c, std::slice::from_ref(&event), now).instrument(span).await.map(Some)
                })
                .await?;
            if done.is_some_and(|handed_over| handed_over > 0) {
                self.consumer.committed().await;
            }
            Ok::<bool, HandleError>(done.is_some())
        };
        self.guarded(work).await
    }

    /// Handles waiting events again, past the inbox, which has them.
    pub(super) async fn revisit(&self, event_ids: &[EventId]) -> Result<(), Failure> {
        let now = self.ctx.now();
        let work = async {
            let handed_over = self
                .ctx
                .tx(async |c| {
                    let events = waiting::take_by_id(c, event_ids).await?;
                    if events.is_empty() {
                        return Ok(0);
                    }
                    let span = telemetry::batch_span(self.ctx.service(), &events);
                    self.apply(c, &events, now).instrument(span).await
                })
                .await?;
            if handed_over > 0 {
                self.consumer.committed().await;
            }
            Ok::<(), HandleError>(())
        };
        self.guarded(work).await
    }

    /// A panic in a handler is that event's failure, not the end of the loop. The transaction it left open is
    /// rolled back with its connection.
    async fn guarded<R>(&self, work: impl Future<Output = Result<R, HandleError>> + Send) -> Result<R, Failure> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => Ok(done?),
            Err(panic) => Err(Failure::from_panic(panic.as_ref())),
        }
    }

    async fn admit_and_apply(
        &self,
        c: &mut DbConnection,
        events: &[Envelope],
        now: Timestamp,
    ) -> Result<Done, HandleError> {
        let fresh = inbox::admit(c, events, now).await?;
        let count = fresh.len();
        let handed_over = if count == events.len() {
            self.apply(c, events, now).await?
        } else {
            let fresh: Vec<Envelope> = fresh.into_iter().cloned().collect();
            self.apply(c, &fresh, now).await?
        };
        Ok(Done { fresh: count, handed_over })
    }

    /// Ended sessions are the chassis's own concern; the rest is the service's. How many it was handed.
    async fn apply(&self, c: &mut DbConnection, events: &[Envelope], now: Timestamp) -> Result<usize, HandleError> {
        let (own, rest): (Vec<&Envelope>, Vec<&Envelope>) = events.iter().partition(|e| e.is::<SessionRevoked>());
        for event in &own {
            revocation::apply(c, self.ctx.cache(), now, &event.decode()?).await?;
        }
        if own.is_empty() && !events.is_empty() {
            self.consumer.handle(c, events).await?;
        } else if !rest.is_empty() {
            let rest: Vec<Envelope> = rest.iter().map(|e| (*e).clone()).collect();
            self.consumer.handle(c, &rest).await?;
        }
        Ok(rest.len())
    }
}

struct Done {
    fresh: usize,
    handed_over: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_that_can_never_be_handled_is_parked() {
        let panic = || Failure::Panic("oh".to_owned());
        for attempts in [1, 50, 51, u32::MAX] {
            assert_eq!(Failure::Transient("busy".to_owned()).verdict(attempts), Verdict::Retry, "{attempts}");
            assert_eq!(Failure::Environment("no right".to_owned()).verdict(attempts), Verdict::Retry, "{attempts}");
        }
        assert_eq!(panic().verdict(2), Verdict::Retry);
        assert_eq!(panic().verdict(3), Verdict::Park("panic: oh".to_owned()));
        assert_eq!(Failure::Poison("no".to_owned()).verdict(1), Verdict::Park("no".to_owned()));
    }

    #[test]
    fn an_error_is_told_with_its_causes_once() {
        let busy = std::io::Error::other("the disk is full");
        assert_eq!(chain(&HandleError::transient(busy)), "the disk is full");
        let query = diesel::result::Error::NotFound;
        assert_eq!(chain(&HandleError::from(query)), "database statement failed: Record not found");
    }
}
