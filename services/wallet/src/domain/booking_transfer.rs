//! Transfers between a member's wallet and their bookings: refunds, returned payments, payments from the wallet.

use super::amount::require_positive;
use super::command::{BookingPayment, PaymentReturn, Refund, RefundTo};
use super::decision::{Decision, Effects, Rejection, RejectionReason};
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader, EntryKey};
use super::loaded_rows::LoadedRows;
use super::{Account, LedgerError, TransactionType};
use domain::{Money, Timestamp, UserId};

fn header(key: EntryKey, member: UserId, amount: Money, at: Timestamp) -> EntryHeader {
    EntryHeader { key, member, amount, at, plan_version: None, reverses: None }
}

/// Credits a refunded payment to the available balance or to a new EMI reserve.
pub(super) fn decide_refund(key: EntryKey, c: &Refund) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let header = header(key, c.user_id, amount, c.at);
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
pub(super) fn decide_return(key: EntryKey, c: &PaymentReturn) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let text = if c.is_failed_refund() {
        format!("Refund for booking {}: it could not go back to where it came from", c.booking_number)
    } else {
        format!("Returned: booking {} could not take this payment", c.booking_number)
    };
    let entry = EntryBuilder::new()
        .post(Account::BookingReceipts, amount.neg()?)
        .post_visible(Account::Available, amount, TransactionType::Refund, text)
        .build(header(key, c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}

/// Debits a payment for a booking. Rejects it when the available balance is smaller.
pub(super) fn decide_payment(key: EntryKey, c: &BookingPayment, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    if rows.wallet(c.user_id)?.available < amount {
        return Ok(Decision::Reject(Rejection { amount, reason: RejectionReason::InsufficientFunds }));
    }
    let text = format!("Payment for booking {}", c.booking_number);
    let entry = EntryBuilder::new()
        .post_visible(Account::Available, amount.neg()?, TransactionType::BookingPayment, text)
        .post(Account::BookingReceipts, amount)
        .build(header(key, c.user_id, amount, c.at))?;
    Ok(Effects::from(entry).into())
}
