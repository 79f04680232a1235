//! What gateways tell. The signature, not a token, says who speaks.

use crate::Booking;
use crate::app::capture;
use crate::domain::GatewayName;
use crate::gateway::event_key;
use crate::gateway::sandbox::SandboxMessage;
use crate::store::captures::WebhookEvent;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::http::{Body, Problem, ok, path_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Most bytes of a message.
const LIMIT: usize = 256 * 1024;

/// What each gateway sends, for the documentation alone.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used; a gateway reads the bytes whose signature it has checked")]
pub(crate) enum Told {
    /// To `sandbox`.
    Sandbox(SandboxMessage),
    /// To `razorpay`: one of its own webhook events.
    Razorpay(Map<String, Value>),
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Received {
    received: bool,
}

/// 200 means that the message and everything that follows from it are committed.
pub(crate) async fn receive(
    app: web::Data<Booking>,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let name: GatewayName = path_id(&path)?;
    let gateway = app.gateways.get(name).ok_or_else(Problem::not_found)?;
    let signature = request.headers().get(gateway.signature_header()).and_then(|v| v.to_str().ok());
    let signature = signature.ok_or_else(unsigned)?;
    let bytes = body.bytes(LIMIT).await?;
    if !gateway.is_genuine(signature, &bytes) {
        return Err(unsigned());
    }
    let news = &gateway.read(&bytes).map_err(|e| Problem::bad_request("booking.webhook_malformed", e.to_string()))?;
    let now = app.ctx.now();
    let event = &WebhookEvent {
        gateway: name,
        event_key: event_key(&bytes),
        body: bytes.to_vec(),
        error: String::new(),
        received_at: now,
        processed_at: None,
    };
    let done: Result<(), Problem> = app.ctx.tx(async |c| Ok(capture::receive(c, event, news, now).await?)).await;
    if let Err(problem) = &done {
        // Whether or not the gateway sends it again, the message is not lost: a job takes it up.
        let error: String = problem.source_chain().unwrap_or_default().chars().take(500).collect();
        let kept = &WebhookEvent { error, ..event.clone() };
        let stored: Result<(), Problem> = app.ctx.tx(async |c| Ok(capture::keep(c, kept).await?)).await;
        if stored.is_err() {
            tracing::error!(gateway = %name, key = event.event_key, "a gateway's message could not be kept");
        }
    }
    done.map(|()| ok(&Received { received: true }))
}

fn unsigned() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "booking.webhook_signature", "the signature is missing or wrong")
}
