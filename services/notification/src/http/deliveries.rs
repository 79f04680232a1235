//! Handlers of deliveries, for staff.

use super::Subject;
use crate::NotificationState;
use crate::app::claim_deliveries;
use crate::domain::Channel;
use crate::domain::delivery::{DeliveryId, DeliveryState};
use crate::domain::schedule::HeldFor;
use crate::store::deliveries::{self, DeliveryRow};
use actix_web::web;
use chassis::audit;
use domain::{Timestamp, UserId};
use http_api::{
    Caller, Cursor, Json, Listing, Path, Problem, QUEUE_COUNT_LIMIT, Query, QueueCount, QueueCounts, StaffPage,
    operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A delivery of a notification outside the application. The address is in the member's profile.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeliveryView {
    id: DeliveryId,
    user_id: UserId,
    /// Code of the text.
    template: String,
    channel: Channel,
    state: DeliveryState,
    /// Why it was not due at once; null if it was.
    held_for: Option<HeldFor>,
    due_at: Timestamp,
    /// Time of the next attempt; null if none follows.
    next_attempt_at: Option<Timestamp>,
    attempts: i64,
    /// What the last attempt failed by.
    last_error: Option<String>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        Self {
            next_attempt_at: (row.state == DeliveryState::Queued).then_some(row.try_at),
            id: row.id,
            user_id: row.user_id,
            template: row.template,
            channel: row.channel,
            state: row.state,
            held_for: row.held_for,
            due_at: row.due_at,
            attempts: row.attempts,
            last_error: row.last_error,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct DeliveryFilter {
    /// Only deliveries in this state.
    state: Option<DeliveryState>,
}

/// List the deliveries of notifications, newest first.
#[operation]
pub(super) async fn list(
    state: web::Data<NotificationState>,
    Query(filter): Query<DeliveryFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<DeliveryView>>, Problem> {
    let after = page.after_id()?;
    let mut c = state.ctx.db().read().await?;
    let rows = deliveries::list(&mut c, filter.state, order, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), DeliveryView::from)))
}

/// Send a delivery again that bounced or was given up.
///
/// It is due at once. 409 `notification.delivery_not_failed` for any other.
#[operation]
pub(super) async fn retry(
    state: web::Data<NotificationState>,
    caller: Caller,
    Path(id): Path<DeliveryId>,
) -> Result<Json<DeliveryView>, Problem> {
    let (now, caller) = (state.ctx.now(), &caller);
    let row = state
        .ctx
        .tx(async |c| {
            let row = claim_deliveries::requeue(c, id, now).await?;
            let subject = Subject::Delivery(id, row.user_id);
            audit::record(c, caller, now, "notification.retry", subject, row.channel.as_str()).await?;
            Ok::<_, Problem>(row)
        })
        .await?;
    Ok(Json::new(DeliveryView::from(row)))
}

/// Count the deliveries that staff look at.
///
/// `deliveries.bounced` were refused by a provider, `deliveries.dead` were given up.
#[operation]
pub(super) async fn count(state: web::Data<NotificationState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let bounced = deliveries::list_times(&mut c, DeliveryState::Bounced, QUEUE_COUNT_LIMIT).await?;
    let dead = deliveries::list_times(&mut c, DeliveryState::Dead, QUEUE_COUNT_LIMIT).await?;
    let items = vec![QueueCount::new("deliveries.bounced", &bounced), QueueCount::new("deliveries.dead", &dead)];
    Ok(Json::new(items.into()))
}
