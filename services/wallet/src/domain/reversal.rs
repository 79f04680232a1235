//! Reversals of bonuses, pair earnings and wallet credits. The amount leaves the available balance; the part that the
//! balance does not cover becomes a clawback due.

use super::amount::require_positive;
use super::command::{BonusReversal, PairVoid, RefundClawback};
use super::decision::{Decision, Effects, EntryOutcome, SingleBonus, wait_for_entry};
use super::entry::{EntryBuilder, EntryHeader, EntryKey, EntryKind};
use super::loaded_rows::LoadedRows;
use super::{Account, JournalEntry, LedgerError, TransactionType, WalletBalances};
use domain::{Money, Timestamp};

/// Reverses a referral bonus as a whole, and frees the single bonus of the referred member if this payment holds it.
/// Waits for the bonus; does nothing when it was rejected. Errors with `OriginalMismatch` when another member earned
/// it.
pub(super) fn decide_bonus_reversal(
    key: EntryKey,
    c: &BonusReversal,
    rows: &LoadedRows,
) -> Result<Decision, LedgerError> {
    let original = EntryKey::new(EntryKind::Referral, c.payment_id.uuid());
    let (member, amount, plan_version) = match rows.outcome(original)? {
        None => return Ok(wait_for_entry(original.kind, original.cause)),
        Some(EntryOutcome::Rejected) => return Ok(Decision::Nothing),
        Some(EntryOutcome::Posted { member, amount, plan_version }) => (member, amount, plan_version),
    };
    if member != c.referrer_id {
        return Err(LedgerError::OriginalMismatch);
    }
    let text = match c.refunded_id {
        None => format!("Reversal of the referral bonus for booking {}", c.booking_number),
        Some(_) => format!("Reversal of the referral bonus: a payment on booking {} was refunded", c.booking_number),
    };
    let reversal = Reversal {
        original: Some(original),
        key,
        company_account: Account::ReferralExpense,
        transaction_type: TransactionType::Reversal,
        amount,
        plan_version,
        at: c.at,
        text,
    };
    let holds_single_bonus = rows.single_bonus(c.referred_id)? == Some(c.payment_id);
    let single_bonus = holds_single_bonus.then_some(SingleBonus { referred: c.referred_id, payment_id: None });
    Ok(Effects { single_bonus, ..reversal.entry(rows.wallet(member)?)?.into() }.into())
}

/// Reverses a pair earning as a whole. Waits for the earning; does nothing when it was rejected. Errors with
/// `OriginalMismatch` when another member earned it.
pub(super) fn decide_pair_void(key: EntryKey, c: &PairVoid, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    let original = EntryKey::new(EntryKind::Pair, c.pair_id);
    let (member, amount, plan_version) = match rows.outcome(original)? {
        None => return Ok(wait_for_entry(original.kind, original.cause)),
        Some(EntryOutcome::Rejected) => return Ok(Decision::Nothing),
        Some(EntryOutcome::Posted { member, amount, plan_version }) => (member, amount, plan_version),
    };
    if member != c.earner_id {
        return Err(LedgerError::OriginalMismatch);
    }
    let reversal = Reversal {
        original: Some(original),
        key,
        company_account: Account::PairExpense,
        transaction_type: TransactionType::Reversal,
        amount,
        plan_version,
        at: c.at,
        text: format!("Reversal of pair {}", c.number),
    };
    Ok(Effects::from(reversal.entry(rows.wallet(member)?)?).into())
}

/// Debits a credit that the gateway has refunded to the payment source as well. Each refund of the gateway debits its
/// own amount, so the entry does not name the credit as reversed: an entry is reversed only once and as a whole. Waits
/// for the credit. Errors with `OriginalMismatch` when the credit belongs to another member.
pub(super) fn decide_refund_clawback(
    key: EntryKey,
    c: &RefundClawback,
    rows: &LoadedRows,
) -> Result<Decision, LedgerError> {
    let amount = require_positive(c.amount)?;
    let original = c.original();
    let member = match rows.outcome(original)? {
        None => return Ok(wait_for_entry(original.kind, original.cause)),
        Some(EntryOutcome::Rejected) => return Ok(Decision::Nothing),
        Some(EntryOutcome::Posted { member, .. }) => member,
    };
    if member != c.user_id {
        return Err(LedgerError::OriginalMismatch);
    }
    let reversal = Reversal {
        original: None,
        key,
        company_account: Account::BookingReceipts,
        // Not `Reversal`, which counts against what the member has earned.
        transaction_type: TransactionType::Refund,
        amount,
        plan_version: None,
        at: c.at,
        text: format!("Refund for booking {}: it went back to where it came from as well", c.booking_number),
    };
    Ok(Effects::from(reversal.entry(rows.wallet(member)?)?).into())
}

/// The inputs of a reversing entry.
struct Reversal {
    /// The entry that is reversed as a whole, if there is one.
    original: Option<EntryKey>,
    key: EntryKey,
    /// The company's account that gets the amount.
    company_account: Account,
    transaction_type: TransactionType,
    /// The amount of the original, and the plan version that decided it.
    amount: Money,
    plan_version: Option<u32>,
    at: Timestamp,
    text: String,
}

impl Reversal {
    /// Builds the entry: debits `wallet` down to zero at most, and posts the rest as a clawback due.
    fn entry(self, wallet: &WalletBalances) -> Result<JournalEntry, LedgerError> {
        let debited = self.amount.min(wallet.available);
        let due = self.amount.sub(debited)?;
        let text = if due.is_zero() { self.text } else { format!("{}; {due} to be recovered", self.text) };
        EntryBuilder::new()
            .post_visible(Account::Available, debited.neg()?, self.transaction_type, text)
            .post(Account::ClawbackDue, due.neg()?)
            .post(self.company_account, self.amount)
            .build(EntryHeader {
                key: self.key,
                member: wallet.user_id,
                amount: self.amount,
                at: self.at,
                plan_version: self.plan_version,
                reverses: self.original,
            })
    }
}
