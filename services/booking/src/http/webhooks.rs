//! Handler of gateways' webhooks. They are authenticated by their signature, not by a token.

use super::webhook_queue::{self, QueueOutcome};
use crate::BookingState;
use crate::app::receive_webhook::{self as webhook, WebhookEvent};
use crate::domain::GatewayName;
use crate::domain::gateway_event::GatewayEvent;
use crate::gateway::MalformedMessage;
use crate::gateway::sandbox::SandboxMessage;
use actix_web::http::StatusCode;
use actix_web::web;
use http_api::{Json, Path, Problem, SignedBody, operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// Time for which a message that is processed alone holds the queue's lock. A longer wait, for a locked row, must not
/// delay the other messages.
const EXCLUSIVE_TIMEOUT: Duration = Duration::from_millis(20);
/// Maximal size of a webhook body, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// Body of a webhook, by gateway; for the API document only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used; a gateway parses the bytes that its signature covers")]
pub(crate) enum WebhookBody {
    /// Of the gateway `sandbox`.
    Sandbox(SandboxMessage),
    /// Of the gateways `razorpay` and `stripe`: one of their webhook events.
    Other(Map<String, Value>),
}

/// Answer to a webhook; `received` is always true.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WebhookReceipt {
    received: bool,
}

/// Receive a gateway's webhook; 401 without a valid signature.
///
/// 200 means that the event and all its effects are committed. An event that cannot be parsed is stored and answered
/// with 200 as well, because gateways disable webhooks that fail. 404 for a gateway that is not configured.
#[operation]
pub(crate) async fn receive(
    state: web::Data<BookingState>,
    Path(name): Path<GatewayName>,
    webhook: SignedBody<WebhookBody>,
) -> Result<Json<WebhookReceipt>, Problem> {
    let gateway = state.gateways.get(name).ok_or_else(Problem::not_found)?;
    let now = state.ctx.now();
    let verify = |signature: &str, bytes: &[u8]| gateway.verify_signature(signature, bytes, now);
    let bytes = webhook.read(gateway.signature_header(), MAX_BODY_BYTES, verify, invalid_signature).await?;
    let event = webhook::new_event(name, &bytes, &state.sealer, now);
    match gateway.parse(&bytes) {
        Ok(gateway_event) => process(&state, &event, &gateway_event).await?,
        Err(MalformedMessage(reason)) => {
            tracing::error!(gateway = %name, key = event.event_key, reason, "webhook event not parsable");
            state.ctx.tx(async |c| Ok::<_, Problem>(webhook::store_unreadable(c, &event, &reason).await?)).await?;
        }
    }
    Ok(Json::new(WebhookReceipt { received: true }))
}

async fn process(state: &BookingState, event: &WebhookEvent, gateway_event: &GatewayEvent) -> Result<(), Problem> {
    let exclusive = match gateway_event {
        GatewayEvent::Captured(captured) => match webhook_queue::process(state, event, captured).await {
            QueueOutcome::InBatch => return Ok(()),
            QueueOutcome::NotProcessed(exclusive) => exclusive,
        },
        GatewayEvent::Authorized(_)
        | GatewayEvent::Failed { .. }
        | GatewayEvent::Refund { .. }
        | GatewayEvent::Unhandled { .. } => None,
    };
    let now = event.received_at;
    let mut work =
        pin!(state.ctx.tx(async |c| Ok::<_, Problem>(webhook::process(c, event, gateway_event, now).await?)));
    let in_time = match &exclusive {
        Some(_) => timeout(EXCLUSIVE_TIMEOUT, &mut work).await.ok(),
        None => None,
    };
    drop(exclusive);
    let result = match in_time {
        Some(result) => result,
        None => work.await,
    };
    if let Err(problem) = &result {
        // The event is stored, so that the job `webhooks` retries it even when the gateway does not.
        let reason = &problem.source_chain().unwrap_or_default();
        let stored: Result<(), Problem> =
            state.ctx.tx(async |c| Ok(webhook::store_failed(c, event, reason, now).await?)).await;
        if stored.is_err() {
            tracing::error!(gateway = %event.gateway, key = event.event_key, "webhook event not stored");
        }
    }
    result
}

fn invalid_signature() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "booking.webhook_signature", "the signature is missing or wrong")
}
