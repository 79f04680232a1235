//! Record, correction and cancellation of a challan by staff.

use crate::domain::challan::{ChallanChangeKind, ChallanId, ChallanRefusal, Deposit};
use crate::error::ComplianceError;
use crate::store::challan_changes::{self, ChallanChange};
use crate::store::challans::{self, Challan};
use db::DbConnection;
use domain::{FinancialYear, Quarter, Timestamp, UserId};

/// A challan before and after; `before` is `None` for a new one.
#[derive(Debug)]
pub struct ChangedChallan {
    pub before: Option<Challan>,
    pub challan: Challan,
    /// Whether this call changed it.
    pub is_changed: bool,
}

/// A step of staff: who, when and why.
#[derive(Debug, Clone, Copy)]
pub struct ChallanStep<'a> {
    pub by: UserId,
    pub at: Timestamp,
    pub reason: &'a str,
}

/// Records a deposit. The same deposit again changes nothing; one that was cancelled is recorded again.
///
/// Errors with `Challan` when its branch, day and serial number are recorded for another quarter or amount.
pub async fn record_challan(
    c: &mut DbConnection,
    id: ChallanId,
    deposit: &Deposit,
    step: ChallanStep<'_>,
) -> Result<ChangedChallan, ComplianceError> {
    let challan = Challan::new(id, deposit, step.by, step.at);
    if challans::insert(c, &challan).await? {
        return Ok(ChangedChallan { before: None, challan, is_changed: true });
    }
    let found = challans::lock_of_deposit(c, deposit).await?.ok_or(ComplianceError::NotFound)?;
    if found.cancelled_at.is_some() {
        return change(c, found, ChallanChangeKind::Recorded, deposit, step).await;
    }
    if found.deposit() == *deposit {
        return Ok(ChangedChallan { before: None, challan: found, is_changed: false });
    }
    Err(ChallanRefusal::Exists.into())
}

/// Corrects what is recorded of a deposit. The same again changes nothing.
///
/// Errors with `NotFound`, with `Challan` when it is cancelled, and when another challan has the branch, day and
/// serial number.
pub async fn correct_challan(
    c: &mut DbConnection,
    id: ChallanId,
    deposit: &Deposit,
    step: ChallanStep<'_>,
) -> Result<ChangedChallan, ComplianceError> {
    let found = challans::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    if found.cancelled_at.is_some() {
        return Err(ChallanRefusal::Cancelled.into());
    }
    if found.deposit() == *deposit {
        return Ok(ChangedChallan { before: None, challan: found, is_changed: false });
    }
    change(c, found, ChallanChangeKind::Corrected, deposit, step).await
}

/// Cancels a challan that was never deposited. The same again changes nothing.
///
/// Errors with `NotFound`.
pub async fn cancel_challan(
    c: &mut DbConnection,
    id: ChallanId,
    step: ChallanStep<'_>,
) -> Result<ChangedChallan, ComplianceError> {
    let found = challans::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    if found.cancelled_at.is_some() {
        return Ok(ChangedChallan { before: None, challan: found, is_changed: false });
    }
    let deposit = found.deposit();
    change(c, found, ChallanChangeKind::Cancelled, &deposit, step).await
}

/// Saves the next revision of a locked challan, and what it was before.
async fn change(
    c: &mut DbConnection,
    before: Challan,
    kind: ChallanChangeKind,
    deposit: &Deposit,
    step: ChallanStep<'_>,
) -> Result<ChangedChallan, ComplianceError> {
    let challan = Challan {
        recorded_by: before.recorded_by,
        recorded_at: before.recorded_at,
        revision: before.revision + 1,
        cancelled_at: (kind == ChallanChangeKind::Cancelled).then_some(step.at),
        ..Challan::new(before.id, deposit, step.by, step.at)
    };
    if !challans::save(c, &challan).await? {
        return Err(ChallanRefusal::Exists.into());
    }
    challan_changes::insert(c, &ChallanChange::new(&before, kind, step.reason, step.by, step.at)).await?;
    Ok(ChangedChallan { before: Some(before), challan, is_changed: true })
}

/// The challans that a document of a year or quarter states, and a text that differs after every change of any of them.
pub async fn list_stated(
    c: &mut DbConnection,
    year: FinancialYear,
    quarter: Option<Quarter>,
    limit: i64,
) -> Result<(Vec<Challan>, String), ComplianceError> {
    let challans = challans::list(c, year, quarter, limit).await?;
    let changes = challan_changes::count_of_year(c, year).await?;
    // A change of a challan of the year counts. One that comes from another year makes the list longer.
    let state = if changes == 0 { challans.len().to_string() } else { format!("{} {changes}", challans.len()) };
    Ok((challans, state))
}
