//! Messages of gateways: those whose processing failed are tried again, and none is stored for ever.

use crate::Booking;
use crate::app::receive_webhook::{self as webhook, WebhookEvent};
use crate::domain::{WebhookEventId, WebhookState};
use crate::error::BookingError;
use chassis::events::HandleError;
use std::sync::Arc;
use tokio::sync::Mutex;

const BATCH: i64 = 100;

/// Tries the messages that are due. One that fails is due later, so it never holds up the others.
pub(super) async fn process(state: Booking) -> Result<(), HandleError> {
    let ctx = &state.ctx;
    let due = webhook::due(&mut *ctx.db().read().await?, ctx.now(), BATCH).await?;
    for event in due {
        process_one(&state, &event).await;
    }
    let mut c = ctx.db().read().await?;
    for (state, gauge) in
        [(WebhookState::Pending, "webhook_events_pending"), (WebhookState::Unreadable, "webhook_events_unreadable")]
    {
        let count = webhook::count(&mut c, state).await?;
        metrics::gauge!(gauge).set(u32::try_from(count).map_or(f64::from(u32::MAX), f64::from));
    }
    Ok(())
}

async fn process_one(state: &Booking, event: &WebhookEvent) {
    let (ctx, gateway, key) = (&state.ctx, event.gateway, &event.event_key);
    let now = ctx.now();
    let read = webhook::read_stored(&state.gateways, &state.sealer, event);
    let done: Result<(), BookingError> = match &read {
        Ok(read) => ctx.tx(async |c| webhook::receive(c, event, read, now).await).await,
        Err(reason) => ctx.tx(async |c| webhook::store_unreadable(c, event, reason).await).await,
    };
    let Err(error) = done else { return };
    tracing::error!(%gateway, key, %error, "a webhook event cannot be processed");
    let reason = &error.to_string();
    let stored: Result<(), BookingError> = ctx.tx(async |c| webhook::store_failed(c, event, reason, now).await).await;
    if let Err(error) = stored {
        tracing::error!(%gateway, key, %error, "the failure of a webhook event cannot be stored");
    }
}

/// Removes messages whose time is over, and seals those that an earlier release has stored in clear.
pub(super) async fn retain(
    state: Booking,
    sealed_until: Arc<Mutex<Option<WebhookEventId>>>,
) -> Result<(), HandleError> {
    let (ctx, days) = (&state.ctx, state.config.webhooks.retention_days);
    let now = ctx.now();
    let (before, long_before) = (now.plus_hours(-24 * days), now.plus_hours(-48 * days));
    while ctx.tx(async |c| webhook::prune(c, before, long_before).await).await? {}
    let mut sealed_until = sealed_until.lock().await;
    let sealer = &state.sealer;
    loop {
        let after = *sealed_until;
        match ctx.tx(async |c| webhook::seal_clear_bodies(c, sealer, after).await).await? {
            Some(last) => *sealed_until = Some(last),
            None => return Ok(()),
        }
    }
}
