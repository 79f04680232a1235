//! Payments for bookings from the wallet.

use super::amount::require_positive;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, EntryBuilder, EntryKey, EntryRule, ExplainedLine, LedgerError,
    LedgerEvent, LoadedRows, Rejection, RejectionReason, TransactionType, booking_label,
};
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A payment for a booking from the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingPayment {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub at: Timestamp,
}

impl CommandInputs for BookingPayment {
    fn cause(&self) -> Cause {
        Cause { id: self.payment_id.uuid(), member: self.user_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }
}

impl EntryRule for BookingPayment {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "payment";
    const CAUSE_EVENT: &'static str = "wallet_payment_requested";

    /// Debits the payment. Rejects it when the available balance is smaller.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        if rows.wallet(c.user_id)?.available < amount {
            return Err(Rejection { amount, reason: RejectionReason::InsufficientFunds }.into());
        }
        let text = format!("Payment for booking {}", c.booking_number);
        let entry = EntryBuilder::new()
            .post_visible(Account::Available, amount.neg()?, TransactionType::BookingPayment, text)
            .post(Account::BookingReceipts, amount)
            .build(Self::header(key, c, amount))?;
        Ok(entry.into())
    }

    fn answer(c: &Self, rejection: Option<RejectionReason>) -> Option<LedgerEvent> {
        let (payment_id, booking_id) = (c.payment_id, c.booking_id);
        Some(LedgerEvent::WalletPaymentDecided { payment_id, booking_id, amount: c.amount, rejection })
    }

    fn explain(c: &Self, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Derivation::default().given("payment_amount", c.amount).negated()
    }
}
