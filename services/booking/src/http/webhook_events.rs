//! Stored messages of gateways, for staff: above all those that were not understood.

use crate::Booking;
use crate::app::receive_webhook as webhook;
use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::error::BookingError;
use crate::store::webhook_events::{self, WebhookSummary};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, Idempotent, Page, Problem, Query, ok, path_id};
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct WebhookEventFilter {
    state: Option<WebhookState>,
}

/// A message as it is shown. Its body has personal data of the payer, and is not.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WebhookEventView {
    id: Option<WebhookEventId>,
    gateway: GatewayName,
    /// The gateway's own name for its kind; empty where it cannot be read.
    kind: String,
    state: WebhookState,
    /// Why it is not processed.
    reason: String,
    /// How often its processing has failed.
    attempts: i64,
    received_at: Timestamp,
    processed_at: Option<Timestamp>,
    /// When it is tried again by itself: while it is pending.
    next_attempt_at: Option<Timestamp>,
}

impl From<WebhookSummary> for WebhookEventView {
    fn from(event: WebhookSummary) -> Self {
        Self {
            id: event.id,
            gateway: event.gateway,
            kind: event.kind,
            state: event.state,
            reason: event.error,
            attempts: event.attempts,
            received_at: event.received_at,
            processed_at: event.processed_at,
            next_attempt_at: (event.state == WebhookState::Pending).then_some(event.next_attempt_at),
        }
    }
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    page: Page,
    Query(given): Query<WebhookEventFilter>,
) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let rows = webhook_events::page(&mut c, given.state, page.after_id()?, page.fetch_limit()).await?;
    let id = |event: &WebhookSummary| Cursor::Id(event.id.map(WebhookEventId::uuid).unwrap_or_default());
    Ok(ok(&page.listing(rows, id, WebhookEventView::from)))
}

/// Reads and processes a message again, now. One that is processed stays as it is.
pub(crate) async fn retry(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id: WebhookEventId = path_id(&path)?;
    let event = webhook_events::find(&mut *app.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_or_empty::<Nothing>().await?;
    let read = webhook::read_stored(&app.gateways, &app.sealer, &event);
    let (event, read, caller, now) = (&event, &read, &caller, app.ctx.now());
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        if event.state != WebhookState::Processed {
            match read {
                Ok(read) => webhook::receive(c, event, read, now).await?,
                Err(reason) => webhook::store_unreadable(c, event, reason).await?,
            }
            let (subject_type, detail) = ("webhook_event", event.gateway.as_str());
            let act = Action {
                action: "webhook.retry",
                subject_type,
                subject_id: id.to_string(),
                subject_user: None,
                detail,
            };
            audit::record(c, "booking", caller, now, act).await?;
        }
        let shown = webhook_events::summary(c, id).await?.ok_or(BookingError::NotFound)?;
        Ok(WebhookEventView::from(shown))
    })
    .await
}

/// No field may be given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Nothing {}
