//! Trace spans of handled events.

use proto_events::Envelope;
use runtime::telemetry::{TraceContext, add_link, set_parent};
use tracing::Span;

/// The span of handling one event, a child of the trace that published it.
pub fn event_span(service: &str, event: &Envelope) -> Span {
    let span = tracing::info_span!(
        "event",
        otel.kind = "consumer",
        service,
        event_type = event.event_type,
        source = event.source,
        subject = event.subject,
        position = event.position,
    );
    set_parent(&span, context(event));
    span
}

/// The span of handling several events in one transaction, linked to the traces that published them.
pub fn batch_span(service: &str, events: &[Envelope]) -> Span {
    let span = tracing::info_span!("events", otel.kind = "consumer", service, count = events.len());
    for event in events {
        add_link(&span, context(event));
    }
    span
}

/// The trace that published `event`.
fn context(event: &Envelope) -> TraceContext<'_> {
    TraceContext { traceparent: &event.traceparent, ..TraceContext::default() }
}
