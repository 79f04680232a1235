//! Adjustments of the available balance by an administrator.

use super::manual::ManualEntry;
use super::{
    Account, Decision, Derivation, EntryBuilder, EntryKey, EntryRule, ExplainedLine, LedgerError, LoadedRows,
    Rejection, RejectionReason, TransactionType,
};

/// The rule of an adjustment.
pub struct Adjustment;

impl EntryRule for Adjustment {
    type Inputs = ManualEntry;
    const REFERENCE_TYPE: &'static str = "adjustment";
    const CAUSE_EVENT: &'static str = "adjustment_made";

    /// Corrects the available balance up or down. Rejects a correction that would take it below zero; errors with
    /// `InvalidAmount` for zero.
    fn decide(key: EntryKey, c: &ManualEntry, rows: &LoadedRows) -> Decision {
        if c.amount.is_zero() {
            return Err(LedgerError::InvalidAmount(c.amount).into());
        }
        if rows.wallet(c.user_id)?.available.add(c.amount)?.is_negative() {
            return Err(Rejection { amount: c.amount, reason: RejectionReason::InsufficientFunds }.into());
        }
        let entry = EntryBuilder::new()
            .post(Account::Adjustments, c.amount.neg()?)
            .post_visible(Account::Available, c.amount, TransactionType::Adjustment, c.reason.clone())
            .build(Self::header(key, c, c.amount))?;
        Ok(entry.into())
    }

    fn explain(c: &ManualEntry, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(c.explain())
    }
}
