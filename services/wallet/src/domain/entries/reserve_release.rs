//! Releases of a member's reserve by an administrator.

use super::amount::require_positive;
use super::manual::ManualEntry;
use super::{
    Account, Decision, Derivation, EntryBuilder, EntryKey, EntryRule, ExplainedLine, LedgerError, LoadedRows,
    Rejection, RejectionReason, TransactionType,
};

/// The rule of a reserve release.
pub struct ReserveRelease;

impl EntryRule for ReserveRelease {
    type Inputs = ManualEntry;
    const REFERENCE_TYPE: &'static str = "reserve_release";
    const CAUSE_EVENT: &'static str = "reserve_released";

    /// Moves the amount from the reserve to the available balance. Rejects it when the reserve is smaller.
    fn decide(key: EntryKey, c: &ManualEntry, rows: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        if rows.wallet(c.user_id)?.reserve < amount {
            return Err(Rejection { amount, reason: RejectionReason::InsufficientReserve }.into());
        }
        let entry = EntryBuilder::new()
            .post(Account::Reserve, amount.neg()?)
            .post_visible(Account::Available, amount, TransactionType::ReserveRelease, c.reason.clone())
            .build(Self::header(key, c, amount))?;
        Ok(entry.into())
    }

    fn explain(c: &ManualEntry, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(c.explain())
    }
}
