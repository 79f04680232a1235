//! Manual entries by administrators: deposits, reserve releases, adjustments.

use super::amount::require_positive;
use super::command::ManualEntry;
use super::decision::{Decision, Effects, Rejection, RejectionReason};
use super::entry::{EntryBuilder, EntryHeader, EntryKey};
use super::loaded_rows::LoadedRows;
use super::{Account, LedgerError, TransactionType};

fn header(key: EntryKey, c: &ManualEntry) -> EntryHeader {
    EntryHeader { key, member: c.user_id, amount: c.amount, at: c.at, plan_version: None, reverses: None }
}

/// Credits money that the company has received for a member.
pub(super) fn decide_deposit(key: EntryKey, c: &ManualEntry) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let entry = EntryBuilder::new()
        .post(Account::Bank, amount.neg()?)
        .post_visible(Account::Available, amount, TransactionType::Deposit, c.reason.clone())
        .build(header(key, c))?;
    Ok(Effects::from(entry).into())
}

/// Moves an amount from the member's reserve to the available balance. Rejects it when the reserve is smaller.
pub(super) fn decide_reserve_release(
    key: EntryKey,
    c: &ManualEntry,
    rows: &LoadedRows,
) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    if rows.wallet(c.user_id)?.reserve < amount {
        return Ok(Decision::Reject(Rejection { amount, reason: RejectionReason::InsufficientReserve }));
    }
    let entry = EntryBuilder::new()
        .post(Account::Reserve, amount.neg()?)
        .post_visible(Account::Available, amount, TransactionType::ReserveRelease, c.reason.clone())
        .build(header(key, c))?;
    Ok(Effects::from(entry).into())
}

/// Corrects the available balance up or down. Rejects a correction that would take it below zero; errors with
/// `InvalidAmount` for zero.
pub(super) fn decide_adjustment(key: EntryKey, c: &ManualEntry, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    if c.amount.is_zero() {
        return Err(LedgerError::InvalidAmount(c.amount));
    }
    if rows.wallet(c.user_id)?.available.add(c.amount)?.is_negative() {
        return Ok(Decision::Reject(Rejection { amount: c.amount, reason: RejectionReason::InsufficientFunds }));
    }
    let entry = EntryBuilder::new()
        .post(Account::Adjustments, c.amount.neg()?)
        .post_visible(Account::Available, c.amount, TransactionType::Adjustment, c.reason.clone())
        .build(header(key, c))?;
    Ok(Effects::from(entry).into())
}
