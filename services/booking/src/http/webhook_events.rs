//! Handlers of stored webhook events, for staff.

use super::Subject;
use crate::BookingState;
use crate::app::receive_webhook as webhook;
use crate::domain::{GatewayName, WebhookEventId, WebhookState};
use crate::error::BookingError;
use crate::store::webhook_events::{self, WebhookSummary};
use actix_web::web;
use chassis::audit;
use domain::Timestamp;
use http_api::{Caller, Cursor, Idempotent, Json, Listing, NoBody, Path, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Filter of the list of webhook events.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct WebhookEventFilter {
    state: Option<WebhookState>,
}

/// A webhook event without its body, which has personal data of the payer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WebhookEventView {
    id: Option<WebhookEventId>,
    gateway: GatewayName,
    /// The gateway's name of the event's kind; empty when it cannot be parsed.
    kind: String,
    state: WebhookState,
    /// Why it is not processed; empty when it is.
    reason: String,
    /// Number of failed attempts.
    attempts: i64,
    received_at: Timestamp,
    processed_at: Option<Timestamp>,
    /// Time of the next automatic attempt, while it is pending.
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

/// List stored webhook events.
///
/// An event in the state `unreadable` was not parsed, one in the state `pending` not processed.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<WebhookEventFilter>,
) -> Result<Json<Listing<WebhookEventView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = webhook_events::list(&mut c, filter.state, order, page.after_id()?, page.fetch_limit()).await?;
    let id = |event: &WebhookSummary| Cursor::Id(event.id.map(WebhookEventId::uuid).unwrap_or_default());
    Ok(Json::new(page.listing(rows, id, WebhookEventView::from)))
}

/// Parse and process a webhook event again.
///
/// A processed event stays unchanged.
#[operation]
pub(crate) async fn retry(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<WebhookEventId>,
    request: Idempotent<NoBody>,
) -> Result<Json<WebhookEventView>, Problem> {
    let event = webhook_events::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let request = request.read_empty().await?;
    let parsed = webhook::parse_stored(&state.gateways, &state.sealer, &event);
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            if event.state != WebhookState::Processed {
                match &parsed {
                    Ok(gateway_event) => webhook::process(c, &event, gateway_event, now).await?,
                    Err(reason) => webhook::store_unreadable(c, &event, reason).await?,
                }
                let subject = Subject::WebhookEvent(id);
                audit::record(c, &caller, now, "webhook.retry", subject, event.gateway.as_str()).await?;
            }
            let summary = webhook_events::find_summary(c, id).await?.ok_or(BookingError::NotFound)?;
            Ok(WebhookEventView::from(summary))
        })
        .await
}
