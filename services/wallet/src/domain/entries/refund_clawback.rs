//! Debits of wallet credits that the gateway has refunded to the payment source as well.

use super::amount::require_positive;
use super::clawback::{debit_or_owe, find_original};
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, EntryKey, EntryKind, EntryRule, ExplainedLine, LedgerError,
    LoadedRows, RowKeys, TransactionType, booking_label,
};
use domain::{Money, PaymentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The debit of a wallet credit that the gateway has refunded to the payment source as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundClawback {
    pub clawback_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    /// The refund id of the gateway.
    pub gateway_refund_id: String,
    /// Whether a return credited the wallet; otherwise a refund did.
    pub of_return: bool,
    /// The id of that return or refund.
    pub credited_by: Uuid,
    pub booking_number: String,
    pub at: Timestamp,
}

impl RefundClawback {
    /// The entry that credited the wallet.
    fn original(&self) -> EntryKey {
        EntryKey::new(if self.of_return { EntryKind::PaymentReturn } else { EntryKind::Refund }, self.credited_by)
    }
}

impl CommandInputs for RefundClawback {
    fn cause(&self) -> Cause {
        Cause { id: self.clawback_id, member: self.user_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }
}

impl EntryRule for RefundClawback {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "clawback";
    const CAUSE_EVENT: &'static str = "clawback_requested";

    fn add_reads(c: &Self, rows: &mut RowKeys) {
        rows.entries.insert(c.original());
    }

    /// Debits the amount of one refund of the gateway. The entry does not name the credit as reversed: an entry is
    /// reversed only once and as a whole. Waits for the credit. Errors with `OriginalMismatch` when the credit belongs
    /// to another member.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        find_original(c.original(), c.user_id, rows)?;
        let text = format!("Refund for booking {}: it went back to where it came from as well", c.booking_number);
        // Not `Reversal`, which counts against what the member has earned.
        let kind = TransactionType::Refund;
        let entry = debit_or_owe(rows.wallet(c.user_id)?, amount, Account::BookingReceipts, kind, text)?
            .build(Self::header(key, c, amount))?;
        Ok(entry.into())
    }

    fn explain(c: &Self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Derivation::default()
            .rule(
                "refunded_at_source_too",
                &[],
                "the amount also refunded at its source is debited from the balance; the rest is a clawback due",
            )
            .minimum("taken_back", ("refunded_twice", c.amount), ("available", line.account_before))
            .negated()
    }
}
