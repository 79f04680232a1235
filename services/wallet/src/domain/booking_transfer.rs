//! Transfers between a member's wallet and their bookings: refunds, returned payments, payments from the wallet.

use super::command::{BookingPayment, Command, PaymentReturn, Refund, RefundTo};
use super::decision::{Decision, Effects, Rejection, RejectionReason};
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader};
use super::{Account, LedgerError, LedgerSession, TransactionType};
use domain::{Money, Timestamp, UserId};

/// Errors with `InvalidAmount` when `amount` is not above zero.
pub(super) fn require_positive(amount: Money) -> Result<Money, LedgerError> {
    if amount.is_positive() { Ok(amount) } else { Err(LedgerError::InvalidAmount(amount)) }
}

fn header(command: &Command, member: UserId, amount: Money, at: Timestamp) -> EntryHeader {
    EntryHeader { key: command.key(), member, amount, at, plan_version: None, reverses: None }
}

/// Credits a refunded payment to the available balance or to a new EMI reserve.
pub(super) fn decide_refund(c: &Refund) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let header = header(&Command::Refund(c.clone()), c.user_id, amount, c.at);
    let lines = EntryBuilder::new().post(Account::BookingReceipts, amount.neg()?);
    match c.to {
        RefundTo::Wallet => {
            let text = format!("Refund of a payment on booking {}", c.booking_number);
            let lines = lines.post_visible(Account::Available, amount, TransactionType::Refund, text);
            Ok(Effects::from(lines.build(header)?).into())
        }
        RefundTo::EmiReserve => {
            let entry = lines.post(Account::EmiReserve, amount).build(header)?;
            Ok(Effects { reserve: Some(EmiReserve::for_refund(c)), ..entry.into() }.into())
        }
    }
}

/// Credits a captured payment that no booking accepted, or a refund that failed at its source.
pub(super) fn decide_return(c: &PaymentReturn) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let text = if c.is_failed_refund() {
        format!("Refund for booking {}: it could not go back to where it came from", c.booking_number)
    } else {
        format!("Returned: booking {} could not take this payment", c.booking_number)
    };
    let entry = EntryBuilder::new()
        .post(Account::BookingReceipts, amount.neg()?)
        .post_visible(Account::Available, amount, TransactionType::Refund, text)
        .build(header(&Command::PaymentReturn(c.clone()), c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}

/// Debits a payment for a booking. Rejects it when the available balance is smaller.
pub(super) fn decide_payment(c: &BookingPayment, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    if ledger.wallet(c.user_id)?.available < amount {
        return Ok(Decision::Reject(Rejection { amount, reason: RejectionReason::InsufficientFunds }));
    }
    let text = format!("Payment for booking {}", c.booking_number);
    let entry = EntryBuilder::new()
        .post_visible(Account::Available, amount.neg()?, TransactionType::BookingPayment, text)
        .post(Account::BookingReceipts, amount)
        .build(header(&Command::BookingPayment(c.clone()), c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}
