//! Traces from request to event, and metrics.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use http_api::request_trace;
use messaging::event_trace;
use proto_events::Envelope;
use runtime::{Env, telemetry};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers(traceparent: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("traceparent"), HeaderValue::from_static(traceparent));
    headers
}

/// A collector that receives exports, and returns the head and body of each.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, exports) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut reader = BufReader::new(connection.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let from = head.len();
                reader.read_line(&mut head).unwrap();
                if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).unwrap();
            sender.send((head, body)).unwrap();
        }
    });
    (address, exports)
}

fn holds(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}

/// One test, because a process has one telemetry.
#[test]
fn a_trace_continues_from_a_request_to_an_event_and_requests_are_counted() {
    assert_eq!(telemetry::traceparent(), "", "none before it is started");
    assert_eq!(telemetry::metrics_text(), "");
    let (endpoint, exports) = collector();
    let env = Env::from_pairs([("LOG", "off"), ("LOG_FORMAT", "text"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let started = telemetry::init("wallet", &env).unwrap();
    drop(telemetry::init("wallet", &env).unwrap());
    assert_eq!(telemetry::traceparent(), "", "none outside a span");

    let span = request_trace::request_span(&headers(PARENT), "GET", "/api/v1/wallet", "r-1");
    let published = span.in_scope(telemetry::traceparent);
    let parts: Vec<&str> = published.split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", "0af7651916cd43dd8448eb211c80319c", "01"));
    assert!(parts[2].len() == 16 && parts[2] != "b7ad6b7169203331" && parts[2] != "0000000000000000");

    let event = Envelope {
        id: [1; 16],
        source: "booking".into(),
        event_type: "booking.v1.PaymentCompleted".into(),
        time_micros: 0,
        subject: String::new(),
        position: 1,
        traceparent: published.clone(),
        data: Vec::new(),
    };
    let handled = event_trace::event_span("wallet", &event).in_scope(telemetry::traceparent);
    assert_eq!(handled.split('-').nth(1), Some(parts[1]));
    assert_ne!(handled, published);

    for bad in ["", "nonsense", "00-00000000000000000000000000000000-0000000000000000-01"] {
        let own = request_trace::request_span(&headers(bad), "GET", "/", "r").in_scope(telemetry::traceparent);
        assert!(own.len() == 55 && !own.contains("0000000000000000-"), "{bad} gives {own}");
    }

    for method in ["GET", "GET", "BREW"] {
        request_trace::request_done(&span, method, "/api/v1/wallet", 200, Duration::from_millis(3));
    }
    let text = telemetry::metrics_text();
    let counted = |method: &str| {
        // Other tests of this process make requests too.
        let is_counted = |l: &&str| l.starts_with("http_requests_total{") && l.contains(r#"route="/api/v1/wallet""#);
        let line = text.lines().filter(is_counted).find(|l| l.contains(method)).unwrap();
        assert!(line.contains(r#"service="wallet""#), "{line}");
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!((counted(r#"method="GET""#).as_str(), counted(r#"method="OTHER""#).as_str()), ("2", "1"));
    assert!(text.contains("http_request_duration_seconds_bucket{") && text.contains(r#"le="0.005""#), "{text}");
    assert!(!text.contains("BREW"));

    // A panic is an error too; a warning is none.
    let panicking = span.clone();
    let _panicked = std::thread::spawn(move || panicking.in_scope(|| panic!("no such rule"))).join().unwrap_err();
    span.in_scope(|| tracing::error!(booking = "b-1", "refund lost"));
    span.in_scope(|| tracing::warn!("a retry"));

    // Dropping the guard exports the remaining spans and errors.
    drop(span);
    drop(started);
    let received: Vec<_> = (0..2).map(|_| exports.recv_timeout(Duration::from_secs(10)).unwrap()).collect();
    let body_of = |path: &str| {
        let is_of = |head: &str| head.starts_with(&format!("POST {path} "));
        received.iter().find(|(head, _)| is_of(head)).map(|(_, body)| body).unwrap()
    };
    let spans = body_of("/v1/traces");
    let trace = [0x0a, 0xf7, 0x65, 0x19];
    assert!([b"ev-wallet".as_slice(), b"/api/v1/wallet", &trace].iter().all(|text| holds(spans, text)), "{spans:?}");
    let errors = body_of("/v1/logs");
    let expected: [&[u8]; 6] = [b"ev-wallet", b"refund lost", b"b-1", b"panic", b"no such rule", &trace];
    for text in expected {
        assert!(holds(errors, text), "{text:?} in {}", String::from_utf8_lossy(errors));
    }
    assert!(!holds(errors, b"a retry"));
}
