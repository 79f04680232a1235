//! Retry of webhook events that failed, and deletion of expired ones.

use crate::BookingState;
use crate::app::receive_webhook::{self as webhook, WebhookEvent};
use crate::domain::{WebhookEventId, WebhookState};
use crate::error::BookingError;
use runtime::jobs::JobError;
use runtime::telemetry::gauge_value;
use std::sync::Arc;
use tokio::sync::Mutex;

const MAX_BATCH_EVENTS: i64 = 100;

/// Processes the events with a due attempt. One that fails is rescheduled and does not delay the others.
pub(super) async fn process(state: BookingState) -> Result<(), JobError> {
    let ctx = &state.ctx;
    let due = webhook::list_due(&mut *ctx.db().read().await?, ctx.now(), MAX_BATCH_EVENTS).await?;
    for event in due {
        process_one(&state, &event).await;
    }
    let mut c = ctx.db().read().await?;
    for (state, gauge) in
        [(WebhookState::Pending, "webhook_events_pending"), (WebhookState::Unreadable, "webhook_events_unreadable")]
    {
        let count = webhook::count(&mut c, state).await?;
        metrics::gauge!(gauge).set(gauge_value(count));
    }
    Ok(())
}

async fn process_one(state: &BookingState, event: &WebhookEvent) {
    let (ctx, gateway, key) = (&state.ctx, event.gateway, &event.event_key);
    let now = ctx.now();
    let parsed = webhook::parse_stored(&state.gateways, &state.sealer, event);
    let result: Result<(), BookingError> = match &parsed {
        Ok(gateway_event) => ctx.tx(async |c| webhook::process(c, event, gateway_event, now).await).await,
        Err(reason) => ctx.tx(async |c| webhook::store_unreadable(c, event, reason).await).await,
    };
    let Err(error) = result else { return };
    tracing::error!(%gateway, key, %error, "webhook event processing failed: retry scheduled");
    let reason = &error.to_string();
    let stored: Result<(), BookingError> = ctx.tx(async |c| webhook::store_failed(c, event, reason, now).await).await;
    if let Err(error) = stored {
        tracing::error!(%gateway, key, %error, "webhook event failure not stored");
    }
}

/// Deletes expired events, and seals bodies that an earlier release stored in plain text. `sealed_until` is the last id
/// that earlier runs of this process have sealed.
pub(super) async fn delete_expired(
    state: BookingState,
    sealed_until: Arc<Mutex<Option<WebhookEventId>>>,
) -> Result<(), JobError> {
    let (ctx, days) = (&state.ctx, state.config.webhooks.retention_days);
    let now = ctx.now();
    let (before, long_before) = (now.plus_hours(-24 * days), now.plus_hours(-48 * days));
    while ctx.tx(async |c| webhook::delete_expired(c, before, long_before).await).await? {}
    let mut sealed_until = sealed_until.lock().await;
    let sealer = &state.sealer;
    loop {
        let after = *sealed_until;
        match ctx.tx(async |c| webhook::seal_plaintext_bodies(c, sealer, after).await).await? {
            Some(last) => *sealed_until = Some(last),
            None => return Ok(()),
        }
    }
}
