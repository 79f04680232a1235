//! Entries of a payout: hold, capture or release, then completion, failure or reversal.

use super::amount::{require_no_negative, require_positive, require_total};
use super::command::{HoldChange, PayoutSettlement};
use super::decision::{Decision, Effects, EntryOutcome, Rejection, RejectionReason, wait_for_entry};
use super::earning::recover_clawback;
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader, EntryKey, EntryKind};
use super::hold::{Hold, HoldState};
use super::loaded_rows::LoadedRows;
use super::{Account, LedgerError, TransactionType};
use domain::{Money, PayoutId, Timestamp, UserId};

fn header(key: EntryKey, at: Timestamp, hold: &Hold, amount: Money, reverses: Option<EntryKind>) -> EntryHeader {
    let reverses = reverses.map(|kind| EntryKey::new(kind, hold.payout_id.uuid()));
    EntryHeader { key, member: hold.user_id, amount, at, plan_version: None, reverses }
}

fn capture_key(id: PayoutId) -> EntryKey {
    EntryKey::new(EntryKind::Capture, id.uuid())
}

/// Places a hold. Rejects it while the member owes a clawback, and when the available balance is smaller.
pub(super) fn decide_hold(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let wallet = rows.wallet(c.user_id)?;
    let reject = |reason| Ok(Decision::Reject(Rejection { amount, reason }));
    if wallet.clawback_due.is_positive() {
        return reject(RejectionReason::ClawbackDue);
    }
    if wallet.available < amount {
        return reject(RejectionReason::InsufficientFunds);
    }
    let placed =
        Hold { payout_id: c.payout_id, user_id: c.user_id, amount, state: HoldState::Placed, changed_at: c.at };
    let entry = EntryBuilder::new()
        .post(Account::Available, amount.neg()?)
        .post(Account::Held, amount)
        .build(header(key, c.at, &placed, amount, None))?;
    Ok(Effects { hold: Some(placed), ..entry.into() }.into())
}

/// The placed hold of a payout, or the decision to wait for it. Errors with `HoldEnded` when it is not placed any
/// longer and `HoldMismatch` when it belongs to another member.
fn find_placed<'a>(c: &HoldChange, rows: &'a LoadedRows) -> Result<Result<&'a Hold, Decision>, LedgerError> {
    let key = EntryKey::new(EntryKind::Hold, c.payout_id.uuid());
    let Some(hold) = rows.hold(c.payout_id)? else {
        return match rows.outcome(key)? {
            None => Ok(Err(wait_for_entry(key.kind, key.cause))),
            Some(_) => Err(LedgerError::HoldEnded),
        };
    };
    match hold.state {
        HoldState::Placed if hold.user_id == c.user_id => Ok(Ok(hold)),
        HoldState::Placed => Err(LedgerError::HoldMismatch),
        HoldState::Captured | HoldState::Released => Err(LedgerError::HoldEnded),
    }
}

/// Captures the hold of an approved payout: the amount goes to payout clearing. Errors with `HoldMismatch` when the
/// amount is not that of the hold.
pub(super) fn decide_capture(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let hold = match find_placed(c, rows)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    if c.amount != hold.amount {
        return Err(LedgerError::HoldMismatch);
    }
    let entry = EntryBuilder::new()
        .post_visible(Account::Held, hold.amount.neg()?, TransactionType::Payout, "Payout approved".to_owned())
        .post(Account::PayoutClearing, hold.amount)
        .build(header(key, c.at, hold, hold.amount, None))?;
    let hold = Hold { state: HoldState::Captured, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

/// Releases a hold to the available balance, and recovers a clawback due from it. Does nothing when the hold was
/// rejected.
pub(super) fn decide_release(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let rejected = rows.outcome(EntryKey::new(EntryKind::Hold, c.payout_id.uuid()))? == Some(EntryOutcome::Rejected);
    if rejected {
        return Ok(Decision::Nothing);
    }
    let hold = match find_placed(c, rows)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    let lines = EntryBuilder::new().post(Account::Held, hold.amount.neg()?).post(Account::Available, hold.amount);
    let entry = recover_clawback(lines, rows.wallet(hold.user_id)?, hold.amount)?.build(header(
        key,
        c.at,
        hold,
        hold.amount,
        Some(EntryKind::Hold),
    ))?;
    let hold = Hold { state: HoldState::Released, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

/// The captured hold of a payout, or the decision to wait for its capture. Errors with `HoldMismatch` when it belongs
/// to another member.
fn find_captured(id: PayoutId, user: UserId, rows: &LoadedRows) -> Result<Result<&Hold, Decision>, LedgerError> {
    if rows.outcome(capture_key(id))?.is_none() {
        return Ok(Err(wait_for_entry(EntryKind::Capture, id.uuid())));
    }
    match rows.hold(id)? {
        Some(hold) if hold.user_id == user => Ok(Ok(hold)),
        Some(_) | None => Err(LedgerError::HoldMismatch),
    }
}

/// Posts a completed payout: net to the bank, tax to TDS payable, the EMI part to a new reserve. Errors with
/// `HoldEnded` when the payout has failed before, `PartsMismatch` when the parts are not the requested amount.
pub(super) fn decide_completion(
    key: EntryKey,
    c: &PayoutSettlement,
    rows: &LoadedRows,
) -> Result<Decision, LedgerError> {
    if rows.outcome(EntryKey::new(EntryKind::PayoutFailure, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match find_captured(c.payout_id, c.user_id, rows)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    check_parts(c)?;
    if c.requested != hold.amount {
        return Err(LedgerError::HoldMismatch);
    }
    let entry = EntryBuilder::new()
        .post(Account::PayoutClearing, c.requested.neg()?)
        .post(Account::Bank, c.net)
        .post(Account::TdsPayable, c.tds)
        .post(Account::EmiReserve, c.emi)
        .build(header(key, c.at, hold, c.requested, None))?;
    let reserve = c.emi.is_positive().then(|| EmiReserve::for_payout(c));
    Ok(Effects { reserve, ..entry.into() }.into())
}

/// Returns a failed payout to the available balance as a whole. Errors with `HoldEnded` when it was completed before.
pub(super) fn decide_failure(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    if rows.outcome(EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match find_captured(c.payout_id, c.user_id, rows)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    let entry = EntryBuilder::new()
        .post(Account::PayoutClearing, hold.amount.neg()?)
        .post_visible(Account::Available, hold.amount, TransactionType::Refund, "The payout failed".to_owned())
        .build(header(key, c.at, hold, hold.amount, Some(EntryKind::Capture)))?;
    Ok(Effects::from(entry).into())
}

/// Reverses a completed payout that the bank returned: net and tax go to the available balance. The EMI part stays in
/// its reserve, or where booking has applied it.
pub(super) fn decide_reversal(key: EntryKey, c: &PayoutSettlement, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let completed = EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid());
    let amount = match rows.outcome(completed)? {
        None => return Ok(wait_for_entry(completed.kind, completed.cause)),
        Some(EntryOutcome::Rejected) => return Err(LedgerError::HoldEnded),
        Some(EntryOutcome::Posted { amount, .. }) => amount,
    };
    check_parts(c)?;
    let hold = rows.hold(c.payout_id)?.filter(|h| h.user_id == c.user_id).ok_or(LedgerError::HoldMismatch)?;
    if c.requested != amount {
        return Err(LedgerError::HoldMismatch);
    }
    let returned = c.net.add(c.tds)?;
    let text = "The bank returned the payout".to_owned();
    let entry = EntryBuilder::new()
        .post(Account::Bank, c.net.neg()?)
        .post(Account::TdsPayable, c.tds.neg()?)
        .post_visible(Account::Available, returned, TransactionType::Refund, text)
        .build(header(key, c.at, hold, returned, Some(EntryKind::PayoutCompletion)))?;
    Ok(Effects::from(entry).into())
}

fn check_parts(c: &PayoutSettlement) -> Result<(), LedgerError> {
    let parts = [c.tds, c.emi, c.net];
    require_positive(c.requested)?;
    require_no_negative(&parts)?;
    require_total(parts, c.requested)
}
