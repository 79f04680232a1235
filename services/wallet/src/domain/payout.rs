//! Entries of a payout: hold, capture or release, then completion, failure or reversal.

use super::booking_transfer::require_positive;
use super::command::{Command, HoldChange, PayoutSettlement};
use super::decision::{Decision, Effects, EntryOutcome, Rejection, RejectionReason, wait_for_entry};
use super::earning::recover_clawback;
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader, EntryKey, EntryKind};
use super::{Account, LedgerError, LedgerSession, TransactionType};
use domain::{Money, PayoutId, Timestamp, UserId};

domain::text_enum! {
    /// The state of a hold.
    pub enum HoldState { Placed = "placed", Captured = "captured", Released = "released" }
}

/// Money held for one payout. It is captured or released as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub state: HoldState,
    pub changed_at: Timestamp,
}

fn header(command: &Command, hold: &Hold, amount: Money, reverses: Option<EntryKind>) -> EntryHeader {
    let reverses = reverses.map(|kind| EntryKey::new(kind, hold.payout_id.uuid()));
    EntryHeader { key: command.key(), member: hold.user_id, amount, at: command.at(), plan_version: None, reverses }
}

fn capture_key(id: PayoutId) -> EntryKey {
    EntryKey::new(EntryKind::Capture, id.uuid())
}

/// Places a hold. Rejects it while the member owes a clawback, and when the available balance is smaller.
pub(super) fn decide_hold(c: &HoldChange, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let wallet = ledger.wallet(c.user_id)?;
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
        .build(header(&Command::Hold(c.clone()), &placed, amount, None))?;
    Ok(Effects { hold: Some(placed), ..entry.into() }.into())
}

/// The placed hold of a payout, or the decision to wait for it. Errors with `HoldEnded` when it is not placed any
/// longer and `HoldMismatch` when it belongs to another member.
fn find_placed<'a>(c: &HoldChange, ledger: &'a LedgerSession) -> Result<Result<&'a Hold, Decision>, LedgerError> {
    let key = EntryKey::new(EntryKind::Hold, c.payout_id.uuid());
    let Some(hold) = ledger.hold(c.payout_id)? else {
        return match ledger.outcome(key)? {
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
pub(super) fn decide_capture(c: &HoldChange, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let hold = match find_placed(c, ledger)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    if c.amount != hold.amount {
        return Err(LedgerError::HoldMismatch);
    }
    let entry = EntryBuilder::new()
        .post_visible(Account::Held, hold.amount.neg()?, TransactionType::Payout, "Payout approved".to_owned())
        .post(Account::PayoutClearing, hold.amount)
        .build(header(&Command::Capture(c.clone()), hold, hold.amount, None))?;
    let hold = Hold { state: HoldState::Captured, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

/// Releases a hold to the available balance, and recovers a clawback due from it. Does nothing when the hold was
/// rejected.
pub(super) fn decide_release(c: &HoldChange, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let rejected = ledger.outcome(EntryKey::new(EntryKind::Hold, c.payout_id.uuid()))? == Some(EntryOutcome::Rejected);
    if rejected {
        return Ok(Decision::Nothing);
    }
    let hold = match find_placed(c, ledger)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    let lines = EntryBuilder::new().post(Account::Held, hold.amount.neg()?).post(Account::Available, hold.amount);
    let entry = recover_clawback(lines, ledger.wallet(hold.user_id)?, hold.amount)?.build(header(
        &Command::Release(c.clone()),
        hold,
        hold.amount,
        Some(EntryKind::Hold),
    ))?;
    let hold = Hold { state: HoldState::Released, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

/// The captured hold of a payout, or the decision to wait for its capture. Errors with `HoldMismatch` when it belongs
/// to another member.
fn find_captured(id: PayoutId, user: UserId, ledger: &LedgerSession) -> Result<Result<&Hold, Decision>, LedgerError> {
    if ledger.outcome(capture_key(id))?.is_none() {
        return Ok(Err(wait_for_entry(EntryKind::Capture, id.uuid())));
    }
    match ledger.hold(id)? {
        Some(hold) if hold.user_id == user => Ok(Ok(hold)),
        Some(_) | None => Err(LedgerError::HoldMismatch),
    }
}

/// Posts a completed payout: net to the bank, tax to TDS payable, the EMI part to a new reserve. Errors with
/// `HoldEnded` when the payout has failed before, `PartsMismatch` when the parts are not the requested amount.
pub(super) fn decide_completion(c: &PayoutSettlement, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    if ledger.outcome(EntryKey::new(EntryKind::PayoutFailure, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match find_captured(c.payout_id, c.user_id, ledger)? {
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
        .build(header(&Command::Complete(c.clone()), hold, c.requested, None))?;
    let reserve = c.emi.is_positive().then(|| EmiReserve::for_payout(c));
    Ok(Effects { reserve, ..entry.into() }.into())
}

/// Returns a failed payout to the available balance as a whole. Errors with `HoldEnded` when it was completed before.
pub(super) fn decide_failure(c: &HoldChange, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    if ledger.outcome(EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match find_captured(c.payout_id, c.user_id, ledger)? {
        Ok(hold) => hold,
        Err(wait) => return Ok(wait),
    };
    let entry = EntryBuilder::new()
        .post(Account::PayoutClearing, hold.amount.neg()?)
        .post_visible(Account::Available, hold.amount, TransactionType::Refund, "The payout failed".to_owned())
        .build(header(&Command::Fail(c.clone()), hold, hold.amount, Some(EntryKind::Capture)))?;
    Ok(Effects::from(entry).into())
}

/// Reverses a completed payout that the bank returned: net and tax go to the available balance. The EMI part stays in
/// its reserve, or where booking has applied it.
pub(super) fn decide_reversal(c: &PayoutSettlement, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let completed = EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid());
    let amount = match ledger.outcome(completed)? {
        None => return Ok(wait_for_entry(completed.kind, completed.cause)),
        Some(EntryOutcome::Rejected) => return Err(LedgerError::HoldEnded),
        Some(EntryOutcome::Posted { amount, .. }) => amount,
    };
    check_parts(c)?;
    let hold = ledger.hold(c.payout_id)?.filter(|h| h.user_id == c.user_id).ok_or(LedgerError::HoldMismatch)?;
    if c.requested != amount {
        return Err(LedgerError::HoldMismatch);
    }
    let returned = c.net.add(c.tds)?;
    let text = "The bank returned the payout".to_owned();
    let entry = EntryBuilder::new()
        .post(Account::Bank, c.net.neg()?)
        .post(Account::TdsPayable, c.tds.neg()?)
        .post_visible(Account::Available, returned, TransactionType::Refund, text)
        .build(header(&Command::ReversePayout(c.clone()), hold, returned, Some(EntryKind::PayoutCompletion)))?;
    Ok(Effects::from(entry).into())
}

fn check_parts(c: &PayoutSettlement) -> Result<(), LedgerError> {
    require_positive(c.requested)?;
    if let Some(negative) = [c.tds, c.emi, c.net].into_iter().find(|p| p.is_negative()) {
        return Err(LedgerError::InvalidAmount(negative));
    }
    if Money::total([c.tds, c.emi, c.net])? == c.requested { Ok(()) } else { Err(LedgerError::PartsMismatch) }
}
