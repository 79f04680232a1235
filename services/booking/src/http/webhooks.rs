//! Webhooks of gateways. The signature, not a token, says who speaks.

use super::webhook_queue::{self, Processed};
use crate::Booking;
use crate::app::receive_webhook::{self as webhook, GatewayEvent, WebhookEvent};
use crate::domain::GatewayName;
use crate::gateway::Malformed;
use crate::gateway::sandbox::SandboxMessage;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::http::{Body, Problem, ok, path_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// How long others gather while one message is processed; one that waits for a lock is not to hold them up.
const GATHERING: Duration = Duration::from_millis(20);
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

/// 200 means that the message is stored, and that everything that follows from it is committed. What is not understood
/// is stored as well, for staff: a gateway switches off a webhook that it is refused.
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
    let event = webhook::fresh(name, &bytes, &app.sealer, app.ctx.now());
    match gateway.read(&bytes) {
        Ok(read) => process(&app, &event, &read).await?,
        Err(Malformed(reason)) => {
            tracing::error!(gateway = %name, key = event.event_key, reason, "a webhook event cannot be read");
            let (event, reason) = (&event, &reason);
            app.ctx.tx(async |c| Ok::<_, Problem>(webhook::store_unreadable(c, event, reason).await?)).await?;
        }
    }
    Ok(ok(&Received { received: true }))
}

async fn process(app: &Booking, event: &WebhookEvent, read: &GatewayEvent) -> Result<(), Problem> {
    let turn = match read {
        GatewayEvent::Captured(captured) => match webhook_queue::process(app, event, captured).await {
            Processed::Together => return Ok(()),
            Processed::Not(turn) => turn,
        },
        GatewayEvent::Failed { .. } | GatewayEvent::Refund { .. } | GatewayEvent::Unhandled { .. } => None,
    };
    let now = event.received_at;
    let mut work = pin!(app.ctx.tx(async |c| Ok::<_, Problem>(webhook::receive(c, event, read, now).await?)));
    let in_time = match &turn {
        Some(_) => timeout(GATHERING, &mut work).await.ok(),
        None => None,
    };
    drop(turn);
    let done = match in_time {
        Some(done) => done,
        None => work.await,
    };
    if let Err(problem) = &done {
        // Whether or not the gateway sends it again, the message is not lost: a job takes it up.
        let reason = &problem.source_chain().unwrap_or_default();
        let stored: Result<(), Problem> =
            app.ctx.tx(async |c| Ok(webhook::store_failed(c, event, reason, now).await?)).await;
        if stored.is_err() {
            tracing::error!(gateway = %event.gateway, key = event.event_key, "a webhook event cannot be stored");
        }
    }
    done
}

fn unsigned() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "booking.webhook_signature", "the signature is missing or wrong")
}
