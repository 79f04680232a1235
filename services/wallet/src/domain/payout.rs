//! A payout's way through the books: hold, capture or release, then completed, failed or reversed.

use super::books::{Decision, Effects, Forfeit, ForfeitReason, Settled, wait_for};
use super::command::{Command, PayoutStep, Settlement};
use super::earning::recovering;
use super::entry::{EntryKey, EntryKind, Header, Lines};
use super::receipt::positive;
use super::reserve::Reserve;
use super::{Account, Books, LedgerError, TransactionType};
use domain::{Money, PayoutId, Timestamp, UserId};

domain::text_enum! {
    /// Where a hold stands.
    pub enum HoldState { Placed = "placed", Captured = "captured", Released = "released" }
}

/// Money set aside for one payout. It is captured or released as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub state: HoldState,
    pub changed_at: Timestamp,
}

fn header(command: &Command, hold: &Hold, amount: Money, reverses: Option<EntryKind>) -> Header {
    let reverses = reverses.map(|kind| EntryKey::new(kind, hold.payout_id.uuid()));
    Header { key: command.key(), member: hold.user_id, amount, at: command.at(), plan_version: None, reverses }
}

fn captured(id: PayoutId) -> EntryKey {
    EntryKey::new(EntryKind::Capture, id.uuid())
}

pub(super) fn hold(c: &PayoutStep, books: &Books) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    let wallet = books.wallet(c.user_id)?;
    let refuse = |reason| Ok(Decision::Forfeit(Forfeit { amount, reason }));
    if wallet.clawback_due.is_positive() {
        return refuse(ForfeitReason::ClawbackDue);
    }
    if wallet.available < amount {
        return refuse(ForfeitReason::InsufficientFunds);
    }
    let placed =
        Hold { payout_id: c.payout_id, user_id: c.user_id, amount, state: HoldState::Placed, changed_at: c.at };
    let entry = Lines::new().book(Account::Available, amount.neg()?).book(Account::Held, amount).entry(header(
        &Command::Hold(c.clone()),
        &placed,
        amount,
        None,
    ))?;
    Ok(Effects { hold: Some(placed), ..entry.into() }.into())
}

/// The hold of a payout that is being decided, or what to do instead.
fn placed<'a>(c: &PayoutStep, books: &'a Books) -> Result<Result<&'a Hold, Decision>, LedgerError> {
    let key = EntryKey::new(EntryKind::Hold, c.payout_id.uuid());
    let Some(hold) = books.hold(c.payout_id)? else {
        return match books.settled(key)? {
            None => Ok(Err(wait_for(key.kind, key.cause))),
            Some(_) => Err(LedgerError::HoldEnded),
        };
    };
    match hold.state {
        HoldState::Placed if hold.user_id == c.user_id => Ok(Ok(hold)),
        HoldState::Placed => Err(LedgerError::NotTheHold),
        HoldState::Captured | HoldState::Released => Err(LedgerError::HoldEnded),
    }
}

pub(super) fn capture(c: &PayoutStep, books: &Books) -> Result<Decision, LedgerError> {
    let hold = match placed(c, books)? {
        Ok(hold) => hold,
        Err(instead) => return Ok(instead),
    };
    if c.amount != hold.amount {
        return Err(LedgerError::NotTheHold);
    }
    let entry = Lines::new()
        .show(Account::Held, hold.amount.neg()?, TransactionType::Payout, "Payout approved".to_owned())
        .book(Account::PayoutClearing, hold.amount)
        .entry(header(&Command::Capture(c.clone()), hold, hold.amount, None))?;
    let hold = Hold { state: HoldState::Captured, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

pub(super) fn release(c: &PayoutStep, books: &Books) -> Result<Decision, LedgerError> {
    let refused = books.settled(EntryKey::new(EntryKind::Hold, c.payout_id.uuid()))? == Some(Settled::Forfeited);
    if refused {
        return Ok(Decision::Nothing);
    }
    let hold = match placed(c, books)? {
        Ok(hold) => hold,
        Err(instead) => return Ok(instead),
    };
    let lines = Lines::new().book(Account::Held, hold.amount.neg()?).book(Account::Available, hold.amount);
    let entry = recovering(lines, books.wallet(hold.user_id)?, hold.amount)?.entry(header(
        &Command::Release(c.clone()),
        hold,
        hold.amount,
        Some(EntryKind::Hold),
    ))?;
    let hold = Hold { state: HoldState::Released, changed_at: c.at, ..hold.clone() };
    Ok(Effects { hold: Some(hold), ..entry.into() }.into())
}

/// The captured hold of a payout that is being settled, or what to do instead.
fn in_clearing(id: PayoutId, user: UserId, books: &Books) -> Result<Result<&Hold, Decision>, LedgerError> {
    if books.settled(captured(id))?.is_none() {
        return Ok(Err(wait_for(EntryKind::Capture, id.uuid())));
    }
    match books.hold(id)? {
        Some(hold) if hold.user_id == user => Ok(Ok(hold)),
        Some(_) | None => Err(LedgerError::NotTheHold),
    }
}

pub(super) fn complete(c: &Settlement, books: &Books) -> Result<Decision, LedgerError> {
    if books.settled(EntryKey::new(EntryKind::PayoutFailure, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match in_clearing(c.payout_id, c.user_id, books)? {
        Ok(hold) => hold,
        Err(instead) => return Ok(instead),
    };
    check_parts(c)?;
    if c.requested != hold.amount {
        return Err(LedgerError::NotTheHold);
    }
    let entry = Lines::new()
        .book(Account::PayoutClearing, c.requested.neg()?)
        .book(Account::Bank, c.net)
        .book(Account::TdsPayable, c.tds)
        .book(Account::EmiReserve, c.emi)
        .entry(header(&Command::Complete(c.clone()), hold, c.requested, None))?;
    let reserve = c.emi.is_positive().then(|| Reserve::of_payout(c));
    Ok(Effects { reserve, ..entry.into() }.into())
}

pub(super) fn fail(c: &PayoutStep, books: &Books) -> Result<Decision, LedgerError> {
    if books.settled(EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid()))?.is_some() {
        return Err(LedgerError::HoldEnded);
    }
    let hold = match in_clearing(c.payout_id, c.user_id, books)? {
        Ok(hold) => hold,
        Err(instead) => return Ok(instead),
    };
    let entry = Lines::new()
        .book(Account::PayoutClearing, hold.amount.neg()?)
        .show(Account::Available, hold.amount, TransactionType::Refund, "The payout failed".to_owned())
        .entry(header(&Command::Fail(c.clone()), hold, hold.amount, Some(EntryKind::Capture)))?;
    Ok(Effects::from(entry).into())
}

/// The mirror of the completion, but for the EMI part: that stays the member's, in their reserve or where
/// booking has put it since.
pub(super) fn reverse(c: &Settlement, books: &Books) -> Result<Decision, LedgerError> {
    let completed = EntryKey::new(EntryKind::PayoutCompletion, c.payout_id.uuid());
    let amount = match books.settled(completed)? {
        None => return Ok(wait_for(completed.kind, completed.cause)),
        Some(Settled::Forfeited) => return Err(LedgerError::HoldEnded),
        Some(Settled::Posted { amount, .. }) => amount,
    };
    check_parts(c)?;
    let hold = books.hold(c.payout_id)?.filter(|h| h.user_id == c.user_id).ok_or(LedgerError::NotTheHold)?;
    if c.requested != amount {
        return Err(LedgerError::NotTheHold);
    }
    let back = c.net.add(c.tds)?;
    let text = "The bank returned the payout".to_owned();
    let entry = Lines::new()
        .book(Account::Bank, c.net.neg()?)
        .book(Account::TdsPayable, c.tds.neg()?)
        .show(Account::Available, back, TransactionType::Refund, text)
        .entry(header(&Command::ReversePayout(c.clone()), hold, back, Some(EntryKind::PayoutCompletion)))?;
    Ok(Effects::from(entry).into())
}

fn check_parts(c: &Settlement) -> Result<(), LedgerError> {
    positive(c.requested)?;
    if let Some(negative) = [c.tds, c.emi, c.net].into_iter().find(|p| p.is_negative()) {
        return Err(LedgerError::BadAmount(negative));
    }
    if Money::total([c.tds, c.emi, c.net])? == c.requested { Ok(()) } else { Err(LedgerError::PartsDiffer) }
}
