//! Money between a member's wallet and their bookings.

use super::books::{Decision, Effects, Forfeit, ForfeitReason};
use super::command::{BookingPayment, Command, Refund, RefundTo, Return};
use super::entry::{Header, Lines};
use super::reserve::Reserve;
use super::{Account, Books, LedgerError, TransactionType};
use domain::{Money, Timestamp, UserId};

pub(super) fn positive(amount: Money) -> Result<Money, LedgerError> {
    if amount.is_positive() { Ok(amount) } else { Err(LedgerError::BadAmount(amount)) }
}

fn header(command: &Command, member: UserId, amount: Money, at: Timestamp) -> Header {
    Header { key: command.key(), member, amount, at, plan_version: None, reverses: None }
}

pub(super) fn refund(c: &Refund) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    let header = header(&Command::Refund(c.clone()), c.user_id, amount, c.at);
    let lines = Lines::new().book(Account::BookingReceipts, amount.neg()?);
    match c.to {
        RefundTo::Wallet => {
            let text = format!("Refund of a payment on booking {}", c.booking_number);
            let lines = lines.show(Account::Available, amount, TransactionType::Refund, text);
            Ok(Effects::from(lines.entry(header)?).into())
        }
        RefundTo::EmiReserve => {
            let entry = lines.book(Account::EmiReserve, amount).entry(header)?;
            Ok(Effects { reserve: Some(Reserve::of_refund(c)), ..entry.into() }.into())
        }
    }
}

pub(super) fn returned(c: &Return) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    let text = if c.is_failed_refund() {
        format!("Refund for booking {}: it could not go back to where it came from", c.booking_number)
    } else {
        format!("Returned: booking {} could not take this payment", c.booking_number)
    };
    let entry = Lines::new()
        .book(Account::BookingReceipts, amount.neg()?)
        .show(Account::Available, amount, TransactionType::Refund, text)
        .entry(header(&Command::Return(c.clone()), c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}

pub(super) fn booking_payment(c: &BookingPayment, books: &Books) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    if books.wallet(c.user_id)?.available < amount {
        return Ok(Decision::Forfeit(Forfeit { amount, reason: ForfeitReason::InsufficientFunds }));
    }
    let text = format!("Payment for booking {}", c.booking_number);
    let entry = Lines::new()
        .show(Account::Available, amount.neg()?, TransactionType::BookingPayment, text)
        .book(Account::BookingReceipts, amount)
        .entry(header(&Command::BookingPayment(c.clone()), c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}
