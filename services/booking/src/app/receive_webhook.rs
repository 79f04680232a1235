//! A gateway's genuine message is stored and takes effect in one transaction; what cannot be read or is not handled is
//! stored with the reason.

use super::capture::{self, Captured};
use super::report_refund;
use super::settle_refund::ReportedRefund;
use crate::domain::retry::next_attempt;
use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::error::BookingError;
use crate::gateway::{Gateways, event_key};
pub use crate::store::webhook_events::WebhookEvent;
use crate::store::{payments, webhook_events};
use chassis::id;
use chassis::pii::Sealer;
use db::DbConnection;
use domain::Timestamp;

/// What a gateway's message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayEvent {
    Captured(Captured),
    Failed {
        order_id: String,
        reason: String,
    },
    Refund {
        kind: String,
        refund: ReportedRefund,
    },
    /// Of a kind that nothing is done about.
    Unhandled {
        kind: String,
    },
}

impl GatewayEvent {
    /// The gateway's own name for its kind, as far as it is stored.
    pub fn kind(&self) -> String {
        match self {
            Self::Captured(_) => CAPTURED.to_owned(),
            Self::Failed { .. } => "payment.failed".to_owned(),
            Self::Refund { kind, .. } | Self::Unhandled { kind } => {
                kind.chars().filter(|c| !c.is_control()).take(64).collect()
            }
        }
    }
}

/// The kind of every message of captured money.
const CAPTURED: &str = "payment.captured";
/// Binds a sealed body to its use.
const PURPOSE: &str = "webhook_body";
const MAX_ERROR_CHARS: usize = 500;
/// Rows that one transaction of the clean-up touches.
const CHUNK: i64 = 500;
const NOT_HANDLED: &str = "messages of this kind are not handled";
const BODY_DELETED: &str = "its body was deleted when its time was over";

/// A message as it is received at `now`: its body sealed, and nothing known of it.
pub fn fresh(gateway: GatewayName, body: &[u8], sealer: &Sealer, now: Timestamp) -> WebhookEvent {
    let key = event_key(body);
    WebhookEvent {
        gateway,
        event_key: key.clone(),
        body: sealer.seal_bytes(PURPOSE, body),
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

/// A message of captured money whose processing is done.
pub(super) fn captured(event: &WebhookEvent) -> WebhookEvent {
    WebhookEvent {
        state: WebhookState::Processed,
        kind: CAPTURED.to_owned(),
        processed_at: Some(event.received_at),
        ..event.clone()
    }
}

/// Reads a stored message again, or says why it cannot be read.
pub fn read_stored(gateways: &Gateways, sealer: &Sealer, event: &WebhookEvent) -> Result<GatewayEvent, String> {
    let gateway = gateways.get(event.gateway).ok_or("its gateway is not configured")?;
    let read = |body: &[u8]| gateway.read(body).map_err(|e| e.to_string());
    if event.sealed {
        read(&sealer.open_bytes(PURPOSE, &event.body).map_err(|e| e.to_string())?)
    } else {
        read(&event.body)
    }
}

/// Stores a message that could be read and lets it take effect. One that was processed already changes nothing.
pub async fn receive(
    c: &mut DbConnection,
    event: &WebhookEvent,
    read: &GatewayEvent,
    now: Timestamp,
) -> Result<(), BookingError> {
    let state = match read {
        GatewayEvent::Unhandled { .. } => WebhookState::Unhandled,
        GatewayEvent::Captured(_) | GatewayEvent::Failed { .. } | GatewayEvent::Refund { .. } => {
            WebhookState::Processed
        }
    };
    let done = WebhookEvent {
        state,
        kind: read.kind(),
        error: if state == WebhookState::Unhandled { NOT_HANDLED.to_owned() } else { String::new() },
        processed_at: Some(now),
        ..event.clone()
    };
    if !webhook_events::insert(c, &done).await? {
        // Mostly a repetition: what is processed is not locked, so that many at once do not wait for each other.
        if webhook_events::is_processed(c, event.gateway, &event.event_key).await? {
            return Ok(());
        }
        let stored = webhook_events::lock(c, event.gateway, &event.event_key).await?;
        if stored.state == WebhookState::Processed {
            return Ok(());
        }
        webhook_events::save(c, &WebhookEvent { attempts: stored.attempts, ..done }).await?;
    }
    apply(c, event.gateway, read, event.received_at, now).await
}

async fn apply(
    c: &mut DbConnection,
    gateway: GatewayName,
    read: &GatewayEvent,
    received_at: Timestamp,
    now: Timestamp,
) -> Result<(), BookingError> {
    match read {
        GatewayEvent::Captured(captured) => {
            // A message that is processed late counts when it was received, at the latest.
            let taken_at = captured.taken_at.or(Some(received_at));
            capture::credit(c, gateway, &Captured { taken_at, ..captured.clone() }, now).await
        }
        GatewayEvent::Failed { order_id, reason } => {
            let Some(payment) = payments::of_order(c, gateway, order_id).await? else { return Ok(()) };
            capture::fail(c, &payment, reason, now).await
        }
        GatewayEvent::Refund { refund, .. } => report_refund::report(c, gateway, refund, now).await,
        GatewayEvent::Unhandled { .. } => Ok(()),
    }
}

/// Stores a message that cannot be read, with the reason. One that was processed already stays as it is.
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

/// Stores a message whose processing failed; it is tried again, each time after a longer delay.
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

/// Messages whose processing is due again.
pub async fn due(c: &mut DbConnection, now: Timestamp, limit: i64) -> Result<Vec<WebhookEvent>, BookingError> {
    Ok(webhook_events::due(c, now, limit).await?)
}

/// How many messages are in a state.
pub async fn count(c: &mut DbConnection, state: WebhookState) -> Result<i64, BookingError> {
    Ok(webhook_events::count(c, state).await?)
}

/// Removes what is older than `before`, some of it; says whether there may be more. What was never processed loses its
/// body only, and is removed when it is older than `long_before`.
pub async fn prune(c: &mut DbConnection, before: Timestamp, long_before: Timestamp) -> Result<bool, BookingError> {
    let (before, long_before): (WebhookEventId, WebhookEventId) = (id::earliest(before), id::earliest(long_before));
    let mut more = false;
    for (state, before) in
        [(WebhookState::Processed, before), (WebhookState::Unhandled, before), (WebhookState::Unreadable, long_before)]
    {
        let ids = webhook_events::older_than(c, state, before, CHUNK).await?;
        if !ids.is_empty() {
            webhook_events::delete(c, &ids).await?;
            more = true;
        }
    }
    for state in [WebhookState::Pending, WebhookState::Unreadable] {
        let ids = webhook_events::with_body_older_than(c, state, before, CHUNK).await?;
        if !ids.is_empty() {
            webhook_events::delete_bodies(c, &ids, BODY_DELETED).await?;
            more = true;
        }
    }
    Ok(more)
}

/// Seals some of the bodies that an earlier release has stored in clear, after `after` in the order of ids; answers
/// where to go on.
pub async fn seal_clear_bodies(
    c: &mut DbConnection,
    sealer: &Sealer,
    after: Option<WebhookEventId>,
) -> Result<Option<WebhookEventId>, BookingError> {
    let first_sealed: WebhookEventId = id::earliest(Timestamp::UNIX_EPOCH.plus_secs(1));
    let clear = webhook_events::unsealed(c, after, first_sealed, CHUNK).await?;
    let last = clear.last().and_then(|event| event.id);
    let newer = webhook_events::without_id(c, CHUNK).await?;
    for event in clear.into_iter().chain(newer) {
        let body = if event.sealed { event.body } else { sealer.seal_bytes(PURPOSE, &event.body) };
        let state = if event.processed_at.is_some() { WebhookState::Processed } else { event.state };
        let id = event.id.unwrap_or_else(id::fresh);
        webhook_events::save_sealed(c, &WebhookEvent { body, state, id: Some(id), ..event }).await?;
    }
    Ok(last)
}
