//! The rest of a period's opening, when one batch was not enough.

use super::batch::Batch;
use crate::domain::Input;
use crate::error::Failure;
use domain::Day;
use uuid::Uuid;

/// One more step. Does nothing when no period is being opened.
pub fn open_further(batch: &mut Batch) -> Result<(), Failure> {
    if batch.tree().is_opening() {
        let at = batch.tree().time();
        batch.apply(at, &Input::PeriodOpened, Some(day_id(at.day())))?;
    }
    Ok(())
}

/// Names the day in events that a day's beginning causes.
pub fn day_id(day: Day) -> Uuid {
    chassis::id::derived(&[b"day", day.to_string().as_bytes()])
}
