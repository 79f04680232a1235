//! Returned payments: captured money that no booking accepted, and refunds that failed at their source.

use super::amount::require_positive;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, EntryBuilder, EntryKey, EntryRule, ExplainedLine, LedgerError,
    LoadedRows, TransactionType, booking_label,
};
use domain::{Money, PaymentId, Timestamp, UserId};
use proto_events::vocabulary::ReturnCause;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A captured payment that no booking accepted, or a refund that failed at its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReturn {
    pub return_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    pub cause: String,
    pub booking_number: String,
    pub at: Timestamp,
}

impl PaymentReturn {
    /// Whether booking refunded the payment and the gateway refused the refund.
    fn is_failed_refund(&self) -> bool {
        self.cause == ReturnCause::SourceRefundFailed.as_str()
    }
}

impl CommandInputs for PaymentReturn {
    fn cause(&self) -> Cause {
        Cause { id: self.return_id, member: self.user_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }
}

impl EntryRule for PaymentReturn {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "return";
    const CAUSE_EVENT: &'static str = "payment_returned";

    /// Credits the payment to the available balance.
    fn decide(key: EntryKey, c: &Self, _: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        let text = if c.is_failed_refund() {
            format!("Refund for booking {}: it could not go back to where it came from", c.booking_number)
        } else {
            format!("Returned: booking {} could not take this payment", c.booking_number)
        };
        let entry = EntryBuilder::new()
            .post(Account::BookingReceipts, amount.neg()?)
            .post_visible(Account::Available, amount, TransactionType::Refund, text)
            .build(Self::header(key, c, amount))?;
        Ok(entry.into())
    }

    fn explain(c: &Self, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default();
        let d = if c.is_failed_refund() {
            d.rule("refund_failed_at_source", &[], "a refund that failed at its source goes to the wallet")
        } else {
            let text = format!("no booking accepted the payment: {}", c.cause);
            d.rule("payment_not_accepted", &[("cause", &c.cause)], text)
        };
        Ok(d.given("amount", c.amount))
    }
}
