//! Withdrawal of a compensation plan version that has not begun.

use super::batch::TreeBatch;
use crate::domain::{Input, TreeError, WITHDRAWAL_NOTICE_MINUTES};
use crate::error::BinaryError;
use crate::store::plans::{self, WithdrawalRow};
use db::DbConnection;
use domain::{PlanError, Timestamp, UserId};
use messaging::outbox::OutboxEvent;
use proto_events::binary::v1::PlanWithdrawn;

/// Withdraws a version: journal entry, row and event. Returns whether this changed anything: a version that is withdrawn
/// already stays so. Errors with `Plan` when the version is unknown, has begun or is about to begin.
pub async fn withdraw_plan(
    c: &mut DbConnection,
    batch: &mut TreeBatch,
    version: u32,
    by: UserId,
    now: Timestamp,
) -> Result<bool, BinaryError> {
    let plans = batch.tree().plans();
    if plans.is_withdrawn(version) {
        return Ok(false);
    }
    if plans.get(version).is_some_and(|found| found.effective_from <= now.plus_secs(WITHDRAWAL_NOTICE_MINUTES * 60)) {
        return Err(TreeError::from(PlanError::AlreadyEffective(version)).into());
    }
    batch.apply(now, &Input::PlanWithdrawn(version), None)?;
    let row = WithdrawalRow { version: version.into(), withdrawn_by: by, withdrawn_at: now };
    plans::insert_withdrawal(c, &row).await?;
    let withdrawn = PlanWithdrawn { version, withdrawn_by: by.into(), withdrawn_at: now.micros() };
    batch.record_event(OutboxEvent::new(version, now, &withdrawn));
    Ok(true)
}
