//! Processing of webhook events with a valid signature: stored and applied in one transaction.
//!
//! An event that cannot be parsed or is not handled is stored with the reason.

use super::apply_gateway_refund;
use super::late_authorization;
use super::receive_capture;
use crate::domain::gateway_event::{CAPTURED_KIND, CapturedPayment, GatewayEvent};
use crate::domain::retry::next_attempt;
use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::error::BookingError;
use crate::gateway::{Gateways, event_key};
pub use crate::store::webhook_events::WebhookEvent;
use crate::store::{payments, webhook_events};
use db::DbConnection;
use domain::Timestamp;
use pii::Sealer;
use runtime::id;

/// Encryption context of sealed bodies.
pub(crate) const SEAL_PURPOSE: &str = "webhook_body";
const MAX_ERROR_CHARS: usize = 500;
/// Maximal number of rows that one clean-up transaction changes.
const CLEANUP_BATCH_ROWS: i64 = 500;
const NOT_HANDLED_REASON: &str = "messages of this kind are not handled";
const BODY_DELETED_REASON: &str = "the body was deleted after the retention period";

/// A pending event as received at `now`, with a sealed body.
pub fn new_event(gateway: GatewayName, body: &[u8], sealer: &Sealer, now: Timestamp) -> WebhookEvent {
    let key = event_key(body);
    WebhookEvent {
        gateway,
        event_key: key.clone(),
        body: sealer.seal_bytes(SEAL_PURPOSE, body),
        error: String::new(),
        received_at: now,
        processed_at: None,
        id: Some(id::derived_from(id::earliest(now), &[gateway.as_str().as_bytes(), key.as_bytes()])),
        kind: String::new(),
        state: WebhookState::Pending,
        attempts: 0,
        next_attempt_at: now,
        sealed: true,
    }
}

/// A capture event with the state `processed`.
pub(super) fn processed_capture(event: &WebhookEvent) -> WebhookEvent {
    WebhookEvent {
        state: WebhookState::Processed,
        kind: CAPTURED_KIND.to_owned(),
        processed_at: Some(event.received_at),
        ..event.clone()
    }
}

/// Opens and parses a stored event. Errors with the reason why it cannot be parsed.
pub fn parse_stored(gateways: &Gateways, sealer: &Sealer, event: &WebhookEvent) -> Result<GatewayEvent, String> {
    let gateway = gateways.get(event.gateway).ok_or("the gateway is not configured")?;
    let parse = |body: &[u8]| gateway.parse(body).map_err(|e| e.to_string());
    if event.sealed {
        parse(&sealer.open_bytes(SEAL_PURPOSE, &event.body).map_err(|e| e.to_string())?)
    } else {
        parse(&event.body)
    }
}

/// Stores an event that was parsed and applies it. An event that was processed already changes nothing.
pub async fn process(
    c: &mut DbConnection,
    event: &WebhookEvent,
    gateway_event: &GatewayEvent,
    now: Timestamp,
) -> Result<(), BookingError> {
    let state = match gateway_event {
        GatewayEvent::Unhandled { .. } => WebhookState::Unhandled,
        GatewayEvent::Captured(_)
        | GatewayEvent::Authorized(_)
        | GatewayEvent::Failed { .. }
        | GatewayEvent::Refund { .. } => WebhookState::Processed,
    };
    let processed = WebhookEvent {
        state,
        kind: gateway_event.kind(),
        error: if state == WebhookState::Unhandled { NOT_HANDLED_REASON.to_owned() } else { String::new() },
        processed_at: Some(now),
        ..event.clone()
    };
    if !webhook_events::insert(c, &processed).await? {
        // Most duplicates are processed already: reading without a lock keeps them from waiting for each other.
        if webhook_events::is_processed(c, event.gateway, &event.event_key).await? {
            return Ok(());
        }
        let stored = webhook_events::lock(c, event.gateway, &event.event_key).await?;
        if stored.state == WebhookState::Processed {
            return Ok(());
        }
        webhook_events::save(c, &WebhookEvent { attempts: stored.attempts, ..processed }).await?;
    }
    apply(c, event.gateway, gateway_event, event.received_at, now).await
}

async fn apply(
    c: &mut DbConnection,
    gateway: GatewayName,
    gateway_event: &GatewayEvent,
    received_at: Timestamp,
    now: Timestamp,
) -> Result<(), BookingError> {
    match gateway_event {
        GatewayEvent::Captured(captured) => {
            // A capture without a time counts from the receipt of its event, however late it is processed.
            let taken_at = captured.taken_at.or(Some(received_at));
            receive_capture::receive(c, gateway, &CapturedPayment { taken_at, ..captured.clone() }, now).await
        }
        GatewayEvent::Authorized(authorized) => late_authorization::expect(c, gateway, authorized, now).await,
        GatewayEvent::Failed { order_id, reason } => {
            let Some(payment) = payments::find_for_order(c, gateway, order_id).await? else { return Ok(()) };
            receive_capture::fail_payment(c, &payment, reason, now).await
        }
        GatewayEvent::Refund { refund, .. } => apply_gateway_refund::apply_report(c, gateway, refund, now).await,
        GatewayEvent::Unhandled { .. } => Ok(()),
    }
}

/// Stores an event that cannot be parsed, with the reason. An event that was processed already stays unchanged.
pub async fn store_unreadable(c: &mut DbConnection, event: &WebhookEvent, reason: &str) -> Result<(), BookingError> {
    let error = reason.chars().take(MAX_ERROR_CHARS).collect();
    let unreadable = WebhookEvent { state: WebhookState::Unreadable, error, ..event.clone() };
    if webhook_events::insert(c, &unreadable).await? {
        return Ok(());
    }
    let stored = webhook_events::lock(c, event.gateway, &event.event_key).await?;
    if stored.state != WebhookState::Processed {
        webhook_events::save(c, &WebhookEvent { attempts: stored.attempts, ..unreadable }).await?;
    }
    Ok(())
}

/// Stores an event that failed, and schedules the next attempt with exponential backoff.
pub async fn store_failed(
    c: &mut DbConnection,
    event: &WebhookEvent,
    reason: &str,
    now: Timestamp,
) -> Result<(), BookingError> {
    let error: String = reason.chars().take(MAX_ERROR_CHARS).collect();
    let failed = WebhookEvent { error, attempts: 1, next_attempt_at: next_attempt(1, now), ..event.clone() };
    if webhook_events::insert(c, &failed).await? {
        return Ok(());
    }
    let stored = webhook_events::lock(c, event.gateway, &event.event_key).await?;
    if stored.state == WebhookState::Processed {
        return Ok(());
    }
    let attempts = stored.attempts.saturating_add(1);
    let next_attempt_at = next_attempt(attempts, now);
    Ok(webhook_events::save(c, &WebhookEvent { attempts, next_attempt_at, ..failed }).await?)
}

/// Pending events with a due attempt.
pub async fn list_due(c: &mut DbConnection, now: Timestamp, limit: i64) -> Result<Vec<WebhookEvent>, BookingError> {
    Ok(webhook_events::list_due(c, now, limit).await?)
}

/// The number of events in a state.
pub async fn count(c: &mut DbConnection, state: WebhookState) -> Result<i64, BookingError> {
    Ok(webhook_events::count(c, state).await?)
}

/// Deletes one batch of events older than `before`. Events that were never processed lose their body then, and are
/// deleted when they are older than `long_before`. Returns whether there may be more.
pub async fn delete_expired(
    c: &mut DbConnection,
    before: Timestamp,
    long_before: Timestamp,
) -> Result<bool, BookingError> {
    let (before, long_before): (WebhookEventId, WebhookEventId) = (id::earliest(before), id::earliest(long_before));
    let mut has_more = false;
    for (state, before) in
        [(WebhookState::Processed, before), (WebhookState::Unhandled, before), (WebhookState::Unreadable, long_before)]
    {
        let ids = webhook_events::list_ids_before(c, state, before, CLEANUP_BATCH_ROWS).await?;
        if !ids.is_empty() {
            webhook_events::delete(c, &ids).await?;
            has_more = true;
        }
    }
    for state in [WebhookState::Pending, WebhookState::Unreadable] {
        let ids = webhook_events::list_ids_with_body_before(c, state, before, CLEANUP_BATCH_ROWS).await?;
        if !ids.is_empty() {
            webhook_events::delete_bodies(c, &ids, BODY_DELETED_REASON).await?;
            has_more = true;
        }
    }
    Ok(has_more)
}

/// Seals one batch of bodies that an earlier release stored in plain text, with ids after `after`. Returns the last id
/// of the batch; `None` after the last batch.
pub async fn seal_plaintext_bodies(
    c: &mut DbConnection,
    sealer: &Sealer,
    after: Option<WebhookEventId>,
) -> Result<Option<WebhookEventId>, BookingError> {
    let first_sealed_id: WebhookEventId = id::earliest(Timestamp::UNIX_EPOCH.plus_secs(1));
    let plaintext = webhook_events::list_plaintext(c, after, first_sealed_id, CLEANUP_BATCH_ROWS).await?;
    let last = plaintext.last().and_then(|event| event.id);
    let without_id = webhook_events::list_without_id(c, CLEANUP_BATCH_ROWS).await?;
    for event in plaintext.into_iter().chain(without_id) {
        let body = if event.sealed { event.body } else { sealer.seal_bytes(SEAL_PURPOSE, &event.body) };
        let state = if event.processed_at.is_some() { WebhookState::Processed } else { event.state };
        let id = event.id.unwrap_or_else(id::fresh);
        webhook_events::save_sealed(c, &WebhookEvent { body, state, id: Some(id), ..event }).await?;
    }
    Ok(last)
}
