//! Handler of the counts of payouts that wait for staff or for the bank.

use super::transfers::TransferQueue;
use crate::PayoutState;
use crate::domain::payout::PayoutStatus;
use crate::store::payouts;
use crate::store::transfers::list_times;
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count the payouts that wait for staff or for the bank.
///
/// `payouts.pending` wait for a decision, `payouts.needs_second` are those of them that one of two people has approved,
/// `payouts.approved` wait for a batch, `payouts.processing` for the bank's answer. Of the transfers by the bank's API,
/// `transfers.refused` and `transfers.conflicting` need a decision, `transfers.low_balance` money in the company's account.
#[operation]
pub(super) async fn count(state: web::Data<PayoutState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let pending = payouts::list_request_times(&mut c, PayoutStatus::Pending, QUEUE_COUNT_LIMIT).await?;
    let needs_second = payouts::list_second_approval_times(&mut c, QUEUE_COUNT_LIMIT).await?;
    let approved = payouts::list_request_times(&mut c, PayoutStatus::Approved, QUEUE_COUNT_LIMIT).await?;
    let processing = payouts::list_request_times(&mut c, PayoutStatus::Processing, QUEUE_COUNT_LIMIT).await?;
    let refused = list_times(&mut c, TransferQueue::Refused.filter(), QUEUE_COUNT_LIMIT).await?;
    let conflicting = list_times(&mut c, TransferQueue::Conflicting.filter(), QUEUE_COUNT_LIMIT).await?;
    let low_balance = list_times(&mut c, TransferQueue::LowBalance.filter(), QUEUE_COUNT_LIMIT).await?;
    let items = vec![
        QueueCount::new("payouts.pending", &pending),
        QueueCount::new("payouts.needs_second", &needs_second),
        QueueCount::new("payouts.approved", &approved),
        QueueCount::new("payouts.processing", &processing),
        QueueCount::new("transfers.refused", &refused),
        QueueCount::new("transfers.conflicting", &conflicting),
        QueueCount::new("transfers.low_balance", &low_balance),
    ];
    Ok(Json::new(items.into()))
}
