//! Continuation of a period opening that exceeds one batch.

use super::batch::TreeBatch;
use crate::domain::Input;
use crate::error::BinaryError;
use crate::store::journal::CauseId;
use domain::Day;

/// Applies one more input of the period opening. Does nothing when no period is being opened.
pub fn continue_opening(batch: &mut TreeBatch) -> Result<(), BinaryError> {
    if batch.tree().is_opening() {
        let at = batch.tree().time();
        batch.apply(at, &Input::PeriodOpened, Some(day_id(at.day())))?;
    }
    Ok(())
}

/// Cause id of the events that the start of a day produces.
pub fn day_id(day: Day) -> CauseId {
    runtime::id::derived(&[b"day", day.to_string().as_bytes()])
}
