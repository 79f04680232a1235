//! Logs, traces and metrics.
//!
//! Request bodies, tokens, one-time codes, PAN and account numbers are never logged.

use crate::build_info;
use crate::config::{ConfigError, Env};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TraceId, TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Default log filter: libraries with too much output are limited; `LOG` overrides each. lapin logs the content of a
/// returned message as a warning.
const DEFAULT_FILTER: &str = "info,actix_server=warn,h2=warn,hyper=warn,hyper_util=warn,lapin=error,lettre=warn,\
                              mysql_async=warn,opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=warn,\
                              redis=warn,reqwest=warn,rustls=warn";

/// Upper bounds of the duration buckets, in seconds.
const DURATION_BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Maximum time in which the remaining spans and error reports are exported.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Guard of the telemetry. Keep it until the end of the process; dropping it exports the remaining spans and error
/// reports.
#[must_use]
pub struct Telemetry(Option<(SdkTracerProvider, SdkLoggerProvider)>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        let Some((spans, errors)) = self.0.take() else { return };
        if let Err(error) = spans.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "last spans not exported");
        }
        if let Err(error) = errors.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "last error reports not exported");
        }
    }
}

/// Starts logs, traces and metrics, once per process; further calls do nothing.
///
/// - `LOG`: log filter of `tracing` (`debug`, `info,sqlx=debug`); default `info`.
/// - `LOG_FORMAT`: `json` (default) or `text`.
/// - `OTEL_EXPORTER_OTLP_ENDPOINT`: where spans, and each error or panic as a log record of its trace, are exported by
///   OTLP/HTTP. Unset, nothing is exported, but the trace context is still passed on with requests and events.
pub fn init(service: &str, env: &Env) -> Result<Telemetry, ConfigError> {
    let directives = env.get("LOG").map_or_else(|| DEFAULT_FILTER.to_owned(), |log| format!("{DEFAULT_FILTER},{log}"));
    let filter = EnvFilter::try_new(&directives)
        .map_err(|_| ConfigError::refused("LOG", env.get_or("LOG", ""), "filters such as info or info,db=debug"))?;
    let text = match env.get_or("LOG_FORMAT", "json") {
        "json" => false,
        "text" => true,
        other => return Err(ConfigError::refused("LOG_FORMAT", other, "json or text")),
    };
    let (provider, reports) = providers(service, env)?;
    init_metrics(service);
    let tracer = provider.tracer("ev");
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(LevelFilter::INFO);
    let lines = if text {
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).boxed()
    } else {
        json_lines(service).boxed()
    };
    let errors = OpenTelemetryTracingBridge::new(&reports).with_filter(LevelFilter::ERROR);
    let layers = tracing_subscriber::registry().with(spans).with(errors).with(lines.with_filter(filter));
    let started = layers.try_init().is_ok();
    if started {
        log_panics();
    }
    Ok(Telemetry(started.then_some((provider, reports))))
}

/// Logs each panic as an error, so that it is a line like the others and is reported.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(location, message, %backtrace, "panic");
    }));
}

/// Log lines as JSON objects, each with the build and the trace that it belongs to.
fn json_lines<S>(service: &str) -> impl Layer<S> + Send + Sync + use<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
{
    let mut layer = json_subscriber::fmt::layer().flatten_event(true).with_current_span(false).with_span_list(false);
    let fields = layer.inner_layer_mut();
    // A line about one of several services in the process has a field `service` of its own.
    fields.add_static_field("program", service.into());
    fields.add_static_field("version", build_info::VERSION.into());
    fields.add_static_field("revision", build_info::REVISION.into());
    fields.add_dynamic_field("trace_id", |_, _| {
        Context::map_current(|context| {
            let trace_id = context.span().span_context().trace_id();
            (trace_id != TraceId::INVALID).then(|| trace_id.to_string())
        })
    });
    layer
}

/// Exporters of spans and of error reports.
fn providers(service: &str, env: &Env) -> Result<(SdkTracerProvider, SdkLoggerProvider), ConfigError> {
    const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let resource = Resource::builder_empty()
        .with_service_name(format!("ev-{service}"))
        .with_attribute(opentelemetry::KeyValue::new("service.version", build_info::VERSION))
        .with_attribute(opentelemetry::KeyValue::new("service.revision", build_info::REVISION))
        .build();
    let spans = SdkTracerProvider::builder().with_resource(resource.clone());
    let reports = SdkLoggerProvider::builder().with_resource(resource);
    let Some(endpoint) = env.get(VARIABLE) else { return Ok((spans.build(), reports.build())) };
    crate::http_client::install_tls();
    let endpoint = endpoint.trim_end_matches('/');
    let span_exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|e| ConfigError::new(VARIABLE, e))?;
    let report_exporter = opentelemetry_otlp::LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/logs"))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|e| ConfigError::new(VARIABLE, e))?;
    Ok((spans.with_batch_exporter(span_exporter).build(), reports.with_batch_exporter(report_exporter).build()))
}

fn init_metrics(service: &str) {
    let name = Matcher::Suffix("_duration_seconds".into());
    let builder = PrometheusBuilder::new().add_global_label("service", service.to_owned());
    let Ok(builder) = builder.set_buckets_for_metric(name, &DURATION_BUCKETS) else { return };
    let Ok(handle) = builder.install_recorder() else { return };
    let upkeep = handle.clone();
    // Samples of histograms accumulate until they are read, or aggregated here.
    let thread = std::thread::Builder::new().name("metrics".into()).spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(5));
            upkeep.run_upkeep();
        }
    });
    if let Err(error) = thread {
        tracing::warn!(%error, "metrics upkeep thread not started");
    }
    METRICS.get_or_init(|| handle);
    let labels = [("version", build_info::VERSION), ("revision", build_info::REVISION)];
    metrics::gauge!("build_info", &labels).set(1.0);
}

/// A number as the value of a gauge. One that is negative or very large becomes the largest value, which cannot be
/// overlooked.
pub fn gauge_value(number: impl TryInto<u32>) -> f64 {
    f64::from(number.try_into().unwrap_or(u32::MAX))
}

/// All metrics in the text format of Prometheus; empty before [`init`].
pub fn metrics_text() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// The W3C trace context of the current span; empty when there is none.
pub fn traceparent() -> String {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return String::new();
    }
    format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8())
}

/// A W3C trace context as a request or an event carries it. An empty text counts as absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceContext<'a> {
    pub traceparent: &'a str,
    pub tracestate: &'a str,
}

impl Extractor for TraceContext<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let text = match key {
            "traceparent" => self.traceparent,
            "tracestate" => self.tracestate,
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }
    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Makes `span` a child of the trace in `parent`, if there is one.
pub fn set_parent(span: &Span, parent: TraceContext<'_>) {
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &parent);
    // Fails without a tracing layer, which needs no parent.
    drop(span.set_parent(parent));
}

/// Links `span` to the trace in `linked`, if there is one.
pub fn add_link(span: &Span, linked: TraceContext<'_>) {
    let linked = TraceContextPropagator::new().extract(&linked);
    let linked = linked.span().span_context().clone();
    if linked.is_valid() {
        span.add_link(linked);
    }
}
