//! Payouts that wait for staff or the bank.

use crate::domain::payout::PayoutStatus;
use crate::error::PayoutError;
use crate::store::payouts;
use db::DbConnection;
use domain::Timestamp;

/// The states that an operator ends: by a decision, by a batch for the bank, by the bank's answer.
const WAITING: [PayoutStatus; 3] = [PayoutStatus::Pending, PayoutStatus::Approved, PayoutStatus::Processing];

/// Seconds since the request of the oldest payout in each state; 0 when there is none.
pub(crate) async fn find_oldest_ages(
    c: &mut DbConnection,
    now: Timestamp,
) -> Result<Vec<(PayoutStatus, i64)>, PayoutError> {
    let mut ages = Vec::new();
    for status in WAITING {
        let oldest = payouts::list_request_times(c, status, 1).await?;
        ages.push((status, oldest.first().map_or(0, |at| now.since(*at).num_seconds())));
    }
    Ok(ages)
}
