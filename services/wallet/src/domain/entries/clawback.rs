//! Lines and calculation steps that several rules share: debits that leave a clawback due, and its recovery.

use super::{
    Account, Derivation, EntryBuilder, EntryKey, EntryOutcome, ExplainedLine, LedgerError, LoadedRows, NotPosted,
    TransactionType,
};
use crate::domain::wallet::WalletBalances;
use domain::{Money, UserId};

/// The posted entry that a reversal concerns.
pub(super) struct Original {
    pub(super) amount: Money,
    pub(super) plan_version: Option<u32>,
}

/// The posted original of a reversal. Waits for it; posts nothing when it was rejected. Errors with `OriginalMismatch`
/// when it belongs to another member.
pub(super) fn find_original(key: EntryKey, owner: UserId, rows: &LoadedRows) -> Result<Original, NotPosted> {
    match rows.require_outcome(key)? {
        EntryOutcome::Rejected => Err(NotPosted::Nothing),
        EntryOutcome::Posted { member, amount, plan_version } if member == owner => {
            Ok(Original { amount, plan_version })
        }
        EntryOutcome::Posted { .. } => Err(LedgerError::OriginalMismatch.into()),
    }
}

/// The lines that debit `amount` from the available balance down to zero at most, post the rest as a clawback due, and
/// credit `company`.
pub(super) fn debit_or_owe(
    wallet: &WalletBalances,
    amount: Money,
    company: Account,
    kind: TransactionType,
    text: String,
) -> Result<EntryBuilder, LedgerError> {
    let debited = amount.min(wallet.available);
    let due = amount.sub(debited)?;
    let text = if due.is_zero() { text } else { format!("{text}; {due} to be recovered") };
    Ok(EntryBuilder::new()
        .post_visible(Account::Available, debited.neg()?, kind, text)
        .post(Account::ClawbackDue, due.neg()?)
        .post(company, amount))
}

/// Explains the debit of a reversal.
pub(super) fn explain_reversal(line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
    Derivation::default()
        .rule(
            "reversed_whole",
            &[],
            "the whole original amount is debited from the balance; the rest is a clawback due",
        )
        .minimum("taken_back", ("original_amount", line.original), ("available", line.account_before))
        .negated()
}

/// Adds the lines that recover the member's clawback due from `credited`, the amount that `lines` make available.
pub(super) fn recover_clawback(
    lines: EntryBuilder,
    wallet: &WalletBalances,
    credited: Money,
) -> Result<EntryBuilder, LedgerError> {
    let part = wallet.clawback_due.min(credited);
    if !part.is_positive() {
        return Ok(lines);
    }
    let text = "Recovered for earnings reversed before".to_owned();
    Ok(lines
        .post_visible(Account::Available, part.neg()?, TransactionType::Clawback, text)
        .post(Account::ClawbackDue, part))
}

/// Explains a line that recovers a clawback due.
pub(in crate::domain) fn explain_recovery(line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
    Derivation::default()
        .rule(
            "clawback_recovered_first",
            &[],
            "a clawback due is recovered first, from bonuses, pair earnings and released holds only",
        )
        .minimum("recovered", ("clawback_due", line.due_before), ("made_available", line.credited))
        .negated()
}
