//! Handler of the counts of payments, captures and webhook events that wait for staff.

use crate::BookingState;
use crate::domain::payment::CONFIRMED_BY_STAFF;
use crate::domain::{CaptureOutcome, WebhookState};
use crate::store::{captures, payments, webhook_events};
use actix_web::web;
use domain::Timestamp;
use http_api::{Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// Highest count of a queue.
const MAX_COUNT: u16 = 1_000;

/// What waits in one queue.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QueueCountView {
    queue: &'static str,
    /// At most 1000.
    count: u16,
    /// Whether there are more.
    is_capped: bool,
    oldest_at: Option<Timestamp>,
}

impl QueueCountView {
    /// `times` are those of the first items, oldest first, one more than the highest count where there are as many.
    fn new(queue: &'static str, times: &[Timestamp]) -> Self {
        let found = u16::try_from(times.len()).unwrap_or(u16::MAX);
        Self { queue, count: found.min(MAX_COUNT), is_capped: found > MAX_COUNT, oldest_at: times.first().copied() }
    }
}

/// Counts of queues.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QueueCountsView {
    items: Vec<QueueCountView>,
}

/// Count what waits for staff.
///
/// `payments.to_confirm` are the pending cash payments and bank transfers, `captures.unknown_order` the captures that
/// match no payment, `webhooks.unread` the webhook events that cannot be parsed.
#[operation]
pub(crate) async fn count(state: web::Data<BookingState>) -> Result<Json<QueueCountsView>, Problem> {
    let limit = i64::from(MAX_COUNT) + 1;
    let mut c = state.ctx.db().read().await?;
    let to_confirm = payments::list_pending_times(&mut c, &CONFIRMED_BY_STAFF, limit).await?;
    let unknown_order = captures::list_times(&mut c, CaptureOutcome::UnknownOrder, limit).await?;
    let unread = webhook_events::list_times(&mut c, WebhookState::Unreadable, limit).await?;
    let items = vec![
        QueueCountView::new("payments.to_confirm", &to_confirm),
        QueueCountView::new("captures.unknown_order", &unknown_order),
        QueueCountView::new("webhooks.unread", &unread),
    ];
    Ok(Json::new(QueueCountsView { items }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_above_a_thousand_is_capped() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        for (items, count, is_capped) in [(0, 0, false), (999, 999, false), (1_000, 1_000, false), (1_001, 1_000, true)]
        {
            let view = QueueCountView::new("q", &(0..items).map(at).collect::<Vec<_>>());
            assert_eq!((view.count, view.is_capped), (count, is_capped), "{items}");
            assert_eq!(view.oldest_at, (items > 0).then(|| at(0)), "{items}");
        }
    }
}
