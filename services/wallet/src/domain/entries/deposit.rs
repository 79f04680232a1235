//! Deposits: money that the company has received for a member.

use super::amount::require_positive;
use super::manual::ManualEntry;
use super::{
    Account, Decision, Derivation, EntryBuilder, EntryKey, EntryRule, ExplainedLine, LedgerError, LoadedRows,
    TransactionType,
};

/// The rule of a deposit.
pub struct Deposit;

impl EntryRule for Deposit {
    type Inputs = ManualEntry;
    const REFERENCE_TYPE: &'static str = "deposit";
    const CAUSE_EVENT: &'static str = "deposit_made";

    /// Credits the amount to the available balance.
    fn decide(key: EntryKey, c: &ManualEntry, _: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        let entry = EntryBuilder::new()
            .post(Account::Bank, amount.neg()?)
            .post_visible(Account::Available, amount, TransactionType::Deposit, c.reason.clone())
            .build(Self::header(key, c, amount))?;
        Ok(entry.into())
    }

    fn explain(c: &ManualEntry, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(c.explain())
    }
}
