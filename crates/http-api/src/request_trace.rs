//! Trace span, metrics and log line of a request.

use actix_web::http::header::HeaderMap;
use runtime::telemetry::{TraceContext, set_parent};
use std::time::Duration;
use tracing::Span;

/// The span of a request, a child of the client's trace if it sent one.
pub fn request_span(headers: &HeaderMap, method: &str, path: &str, request_id: &str) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        %method,
        %path,
        %request_id,
        route = tracing::field::Empty,
        status = tracing::field::Empty,
    );
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    set_parent(&span, TraceContext { traceparent: text("traceparent"), tracestate: text("tracestate") });
    span
}

/// Records the metrics and the log line of a request that has its response.
pub fn request_done(span: &Span, method: &str, route: &str, status: u16, took: Duration) {
    span.record("route", route).record("status", status);
    // A client may send any method, and each would become a time series.
    let method = match method {
        "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" => method.to_owned(),
        _ => "OTHER".to_owned(),
    };
    let labels = [("route", route.to_owned()), ("method", method), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        if route.starts_with("/health/") || route == "/metrics" {
            tracing::debug!(status, took_us, "request completed");
        } else {
            tracing::info!(status, took_us, "request completed");
        }
    });
}
