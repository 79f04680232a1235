//! What administrators do by hand, always with a reason.

use super::books::{Decision, Effects, Forfeit, ForfeitReason};
use super::command::{Command, Manual};
use super::entry::{Header, Lines};
use super::receipt::positive;
use super::{Account, Books, LedgerError, TransactionType};

fn header(command: &Command, c: &Manual) -> Header {
    Header { key: command.key(), member: c.user_id, amount: c.amount, at: c.at, plan_version: None, reverses: None }
}

pub(super) fn deposit(c: &Manual) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    let entry = Lines::new()
        .book(Account::Bank, amount.neg()?)
        .show(Account::Available, amount, TransactionType::Deposit, c.reason.clone())
        .entry(header(&Command::Deposit(c.clone()), c))?;
    Ok(Effects::from(entry).into())
}

pub(super) fn release_reserve(c: &Manual, books: &Books) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    if books.wallet(c.user_id)?.reserve < amount {
        return Ok(Decision::Forfeit(Forfeit { amount, reason: ForfeitReason::InsufficientReserve }));
    }
    let entry = Lines::new()
        .book(Account::Reserve, amount.neg()?)
        .show(Account::Available, amount, TransactionType::ReserveRelease, c.reason.clone())
        .entry(header(&Command::ReserveRelease(c.clone()), c))?;
    Ok(Effects::from(entry).into())
}

pub(super) fn adjust(c: &Manual, books: &Books) -> Result<Decision, LedgerError> {
    if c.amount.is_zero() {
        return Err(LedgerError::BadAmount(c.amount));
    }
    if books.wallet(c.user_id)?.available.add(c.amount)?.is_negative() {
        return Ok(Decision::Forfeit(Forfeit { amount: c.amount, reason: ForfeitReason::InsufficientFunds }));
    }
    let entry = Lines::new()
        .book(Account::Adjustments, c.amount.neg()?)
        .show(Account::Available, c.amount, TransactionType::Adjustment, c.reason.clone())
        .entry(header(&Command::Adjust(c.clone()), c))?;
    Ok(Effects::from(entry).into())
}
