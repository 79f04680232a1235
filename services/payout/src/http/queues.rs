//! Handler of the counts of payouts that wait for staff or for the bank.

use crate::PayoutState;
use crate::domain::payout::PayoutStatus;
use crate::store::payouts;
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count the payouts that wait for staff or for the bank.
///
/// `payouts.pending` wait for a decision, `payouts.needs_second` are those of them that one of two people has approved,
/// `payouts.approved` wait for a batch, `payouts.processing` for the bank's answer.
#[operation]
pub(super) async fn count(state: web::Data<PayoutState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let pending = payouts::list_request_times(&mut c, PayoutStatus::Pending, QUEUE_COUNT_LIMIT).await?;
    let needs_second = payouts::list_second_approval_times(&mut c, QUEUE_COUNT_LIMIT).await?;
    let approved = payouts::list_request_times(&mut c, PayoutStatus::Approved, QUEUE_COUNT_LIMIT).await?;
    let processing = payouts::list_request_times(&mut c, PayoutStatus::Processing, QUEUE_COUNT_LIMIT).await?;
    let items = vec![
        QueueCount::new("payouts.pending", &pending),
        QueueCount::new("payouts.needs_second", &needs_second),
        QueueCount::new("payouts.approved", &approved),
        QueueCount::new("payouts.processing", &processing),
    ];
    Ok(Json::new(items.into()))
}
