//! Taking an earning back: the gross from the available balance, and what is not there becomes a due.

use super::books::{Decision, Effects, Settled, SingleBonus, wait_for};
use super::command::{BonusReversal, Command, PairVoid, RefundClawback};
use super::entry::{EntryKey, EntryKind, Header, Lines};
use super::receipt::positive;
use super::{Account, Books, Entry, LedgerError, TransactionType, Wallet};
use domain::{Money, Timestamp};

pub(super) fn bonus(c: &BonusReversal, books: &Books) -> Result<Decision, LedgerError> {
    let original = EntryKey::new(EntryKind::Referral, c.payment_id.uuid());
    let (member, amount, plan_version) = match books.settled(original)? {
        None => return Ok(wait_for(original.kind, original.cause)),
        Some(Settled::Forfeited) => return Ok(Decision::Nothing),
        Some(Settled::Posted { member, amount, plan_version }) => (member, amount, plan_version),
    };
    if member != c.referrer_id {
        return Err(LedgerError::NotTheOriginal);
    }
    let text = match c.refunded_id {
        None => format!("Reversal of the referral bonus for booking {}", c.booking_number),
        Some(_) => format!("Reversal of the referral bonus: a payment on booking {} was refunded", c.booking_number),
    };
    let taken = TakenBack {
        original: Some(original),
        key: Command::BonusReversal(c.clone()).key(),
        expense: Account::ReferralExpense,
        seen_as: TransactionType::Reversal,
        amount,
        plan_version,
        at: c.at,
        text,
    };
    let held = books.single(c.referred_id)? == Some(c.payment_id);
    let single = held.then_some(SingleBonus { referred: c.referred_id, taken_by: None });
    Ok(Effects { single, ..taken.from(books.wallet(member)?)?.into() }.into())
}

pub(super) fn pair(c: &PairVoid, books: &Books) -> Result<Decision, LedgerError> {
    let original = EntryKey::new(EntryKind::Pair, c.pair_id);
    let (member, amount, plan_version) = match books.settled(original)? {
        None => return Ok(wait_for(original.kind, original.cause)),
        Some(Settled::Forfeited) => return Ok(Decision::Nothing),
        Some(Settled::Posted { member, amount, plan_version }) => (member, amount, plan_version),
    };
    if member != c.earner_id {
        return Err(LedgerError::NotTheOriginal);
    }
    let taken = TakenBack {
        original: Some(original),
        key: Command::PairVoid(c.clone()).key(),
        expense: Account::PairExpense,
        seen_as: TransactionType::Reversal,
        amount,
        plan_version,
        at: c.at,
        text: format!("Reversal of pair {}", c.number),
    };
    Ok(Effects::from(taken.from(books.wallet(member)?)?).into())
}

/// Takes a credit back that was paid back at its source as well. A credit may be taken back in parts, so that it is not
/// reversed by the entry's key; each refund of the gateway does it once.
pub(super) fn refund(c: &RefundClawback, books: &Books) -> Result<Decision, LedgerError> {
    let amount = positive(c.amount)?;
    let original = c.original();
    let member = match books.settled(original)? {
        None => return Ok(wait_for(original.kind, original.cause)),
        Some(Settled::Forfeited) => return Ok(Decision::Nothing),
        Some(Settled::Posted { member, .. }) => member,
    };
    if member != c.user_id {
        return Err(LedgerError::NotTheOriginal);
    }
    let taken = TakenBack {
        original: None,
        key: Command::RefundClawback(c.clone()).key(),
        expense: Account::BookingReceipts,
        // It takes nothing back that was earned.
        seen_as: TransactionType::Refund,
        amount,
        plan_version: None,
        at: c.at,
        text: format!("Refund for booking {}: it went back to where it came from as well", c.booking_number),
    };
    Ok(Effects::from(taken.from(books.wallet(member)?)?).into())
}

struct TakenBack {
    /// The entry that is reversed, once and as a whole.
    original: Option<EntryKey>,
    key: EntryKey,
    expense: Account,
    seen_as: TransactionType,
    /// The original's own amount, and the version of the plan that made it.
    amount: Money,
    plan_version: Option<u32>,
    at: Timestamp,
    text: String,
}

impl TakenBack {
    fn from(self, wallet: &Wallet) -> Result<Entry, LedgerError> {
        let taken = self.amount.min(wallet.available);
        let due = self.amount.sub(taken)?;
        let text = if due.is_zero() { self.text } else { format!("{}; {due} to be recovered", self.text) };
        Lines::new()
            .show(Account::Available, taken.neg()?, self.seen_as, text)
            .book(Account::ClawbackDue, due.neg()?)
            .book(self.expense, self.amount)
            .entry(Header {
                key: self.key,
                member: wallet.user_id,
                amount: self.amount,
                at: self.at,
                plan_version: self.plan_version,
                reverses: self.original,
            })
    }
}
