//! Uses of an EMI reserve: the application to an instalment, and the release to the available balance.

use super::amount::require_positive;
use super::command::ReserveUse;
use super::decision::{Decision, Effects, WaitKey};
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader, EntryKey};
use super::loaded_rows::LoadedRows;
use super::{Account, LedgerError, TransactionType};

/// The reserve that `c` draws on, or the decision to wait until it exists. Errors with `ReserveMismatch` when it
/// belongs to another member or has too little left.
fn find_usable<'a>(c: &ReserveUse, rows: &'a LoadedRows) -> Result<Result<&'a EmiReserve, Decision>, LedgerError> {
    let Some(reserve) = rows.reserve(c.reserve_id)? else {
        return Ok(Err(Decision::Wait(WaitKey::EmiReserve(c.reserve_id))));
    };
    if reserve.user_id != c.user_id || reserve.remaining()? < require_positive(c.amount)? {
        return Err(LedgerError::ReserveMismatch);
    }
    Ok(Ok(reserve))
}

fn header(key: EntryKey, c: &ReserveUse) -> EntryHeader {
    EntryHeader { key, member: c.user_id, amount: c.amount, at: c.at, plan_version: None, reverses: None }
}

/// Applies a part of a reserve to an instalment: the amount goes to the booking receipts.
pub(super) fn decide_application(key: EntryKey, c: &ReserveUse, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let reserve = match find_usable(c, rows)? {
        Ok(reserve) => reserve,
        Err(wait) => return Ok(wait),
    };
    let entry = EntryBuilder::new()
        .post(Account::EmiReserve, c.amount.neg()?)
        .post(Account::BookingReceipts, c.amount)
        .build(header(key, c))?;
    let reserve = EmiReserve { applied: reserve.applied.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}

/// Releases a part of a reserve to the available balance.
pub(super) fn decide_release(key: EntryKey, c: &ReserveUse, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let reserve = match find_usable(c, rows)? {
        Ok(reserve) => reserve,
        Err(wait) => return Ok(wait),
    };
    let text = "Released from what was put aside for your EMI".to_owned();
    let entry = EntryBuilder::new()
        .post(Account::EmiReserve, c.amount.neg()?)
        .post_visible(Account::Available, c.amount, TransactionType::EmiRelease, text)
        .build(header(key, c))?;
    let reserve = EmiReserve { released: reserve.released.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}
