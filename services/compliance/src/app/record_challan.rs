//! Record of a challan by staff.

use crate::domain::challan::{ChallanId, Deposit};
use crate::error::ComplianceError;
use crate::store::challans::{self, Challan};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// Records a deposit. Returns its challan and whether this call recorded it: the same deposit again changes nothing.
///
/// Errors with `ChallanExists` when its branch, day and serial number are recorded for another quarter or amount.
pub async fn record_challan(
    c: &mut DbConnection,
    id: ChallanId,
    deposit: &Deposit,
    recorder: UserId,
    now: Timestamp,
) -> Result<(Challan, bool), ComplianceError> {
    let challan = Challan {
        id,
        financial_year: deposit.financial_year,
        quarter: deposit.quarter,
        bsr: deposit.bsr.clone(),
        serial: deposit.serial.clone(),
        deposited_on: deposit.deposited_on,
        amount_paise: deposit.amount,
        recorded_by: recorder,
        recorded_at: now,
    };
    if challans::insert(c, &challan).await? {
        return Ok((challan, true));
    }
    let found = challans::find(c, deposit).await?.ok_or(ComplianceError::NotFound)?;
    let of = |challan: &Challan| (challan.financial_year, challan.quarter, challan.amount_paise);
    if of(&found) == of(&challan) { Ok((found, false)) } else { Err(ComplianceError::ChallanExists) }
}
