//! Handler of the counts of payments, captures and webhook events that wait for staff.

use crate::BookingState;
use crate::domain::payment::CONFIRMED_BY_STAFF;
use crate::domain::{CaptureOutcome, WebhookState};
use crate::store::{captures, payments, vehicles, webhook_events};
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count what waits for staff.
///
/// `payments.to_confirm` are the pending cash payments and bank transfers, `captures.unknown_order` the captures that
/// match no payment, `webhooks.unread` the webhook events that cannot be parsed, `vehicles.low_stock` the vehicles on sale
/// of which few units are left.
#[operation]
pub(crate) async fn count(state: web::Data<BookingState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let to_confirm = payments::list_pending_times(&mut c, &CONFIRMED_BY_STAFF, QUEUE_COUNT_LIMIT).await?;
    let unknown_order = captures::list_times(&mut c, CaptureOutcome::UnknownOrder, QUEUE_COUNT_LIMIT).await?;
    let unread = webhook_events::list_times(&mut c, WebhookState::Unreadable, QUEUE_COUNT_LIMIT).await?;
    let few = state.config.booking.low_stock_units;
    let low_stock = vehicles::list_low_stock_times(&mut c, few, QUEUE_COUNT_LIMIT).await?;
    let items = vec![
        QueueCount::new("payments.to_confirm", &to_confirm),
        QueueCount::new("captures.unknown_order", &unknown_order),
        QueueCount::new("webhooks.unread", &unread),
        QueueCount::new("vehicles.low_stock", &low_stock),
    ];
    Ok(Json::new(items.into()))
}
