//! Wallet balances of a member: the cached sums of their postings.

use super::entry::{JournalEntry, TransactionType};
use super::{Account, LedgerError};
use domain::{Money, Timestamp, UserId};

/// The balances of a member. None is below zero; the amount that the member owes is `clawback_due`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletBalances {
    pub user_id: UserId,
    pub available: Money,
    pub held: Money,
    pub emi_reserve: Money,
    pub reserve: Money,
    pub clawback_due: Money,
    pub total_earned: Money,
    pub total_withdrawn: Money,
    /// The count of the member's statement lines, which is the number of the last.
    pub transactions: i64,
    /// Grows by one with every transaction that changes the wallet.
    pub version: i64,
    pub changed_at: Timestamp,
}

/// A posting with the balance after it, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedLine {
    pub account: Account,
    pub amount: Money,
    /// The account's balance after the posting; `None` for company accounts, which keep no running balance.
    pub account_after: Option<Money>,
    pub statement_line: Option<StatementLine>,
}

/// The part of a posting that the member sees as a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pub kind: TransactionType,
    /// Gap-free per member, from 1.
    pub number: i64,
    /// Available and held together, before the line.
    pub balance_before: Money,
    pub description: String,
}

impl WalletBalances {
    /// The balances of a member without postings.
    pub fn empty(user_id: UserId) -> Self {
        Self {
            user_id,
            available: Money::ZERO,
            held: Money::ZERO,
            emi_reserve: Money::ZERO,
            reserve: Money::ZERO,
            clawback_due: Money::ZERO,
            total_earned: Money::ZERO,
            total_withdrawn: Money::ZERO,
            transactions: 0,
            version: 0,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The balance that the member sees: available and held. Errors when the sum overflows.
    pub fn balance(&self) -> Result<Money, LedgerError> {
        Ok(self.available.add(self.held)?)
    }

    /// The balances after `entry`, and its postings with the balances after each. Errors with `Overdrawn` when a
    /// balance would be below zero, and with `Money` when one overflows.
    pub fn apply(&self, entry: &JournalEntry) -> Result<(Self, Vec<PostedLine>), LedgerError> {
        let mut next = self.clone();
        let mut posted = Vec::with_capacity(entry.lines().len());
        for line in entry.lines() {
            let balance_before = next.balance()?;
            let account_after = next.add(line.account, line.amount)?;
            let statement_line = line.statement_line.as_ref().map(|(kind, description)| {
                next.transactions += 1;
                StatementLine {
                    kind: *kind,
                    number: next.transactions,
                    balance_before,
                    description: description.clone(),
                }
            });
            posted.push(PostedLine { account: line.account, amount: line.amount, account_after, statement_line });
        }
        let header = entry.header();
        next.total_earned = next.total_earned.add(header.amount.times(header.earned_sign)?)?;
        next.total_withdrawn = next.total_withdrawn.add(header.amount.times(header.withdrawn_sign)?)?;
        if let Some(account) = next.overdrawn() {
            return Err(LedgerError::Overdrawn(account));
        }
        // Each balance may fit while their sum overflows, and then the wallet could not be shown.
        next.balance()?;
        Ok((next, posted))
    }

    /// Adds to one account and returns its signed balance; `None` for a company account.
    fn add(&mut self, account: Account, amount: Money) -> Result<Option<Money>, LedgerError> {
        let balance = match account {
            Account::Available => &mut self.available,
            Account::Held => &mut self.held,
            Account::EmiReserve => &mut self.emi_reserve,
            Account::Reserve => &mut self.reserve,
            Account::ClawbackDue => {
                self.clawback_due = self.clawback_due.sub(amount)?;
                return Ok(Some(self.clawback_due.neg()?));
            }
            Account::ReferralExpense
            | Account::PairExpense
            | Account::TdsPayable
            | Account::BookingReceipts
            | Account::PayoutClearing
            | Account::Bank
            | Account::Adjustments => return Ok(None),
        };
        *balance = balance.add(amount)?;
        Ok(Some(*balance))
    }

    fn overdrawn(&self) -> Option<Account> {
        [
            (Account::Available, self.available),
            (Account::Held, self.held),
            (Account::EmiReserve, self.emi_reserve),
            (Account::Reserve, self.reserve),
            (Account::ClawbackDue, self.clawback_due),
        ]
        .into_iter()
        .find(|(_, balance)| balance.is_negative())
        .map(|(account, _)| account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::{EntryBuilder, EntryHeader, EntryKey, EntryKind};

    fn entry(earned_sign: i64, available: Money, other: (Account, Money)) -> JournalEntry {
        let header = EntryHeader {
            key: EntryKey::new(EntryKind::Pair, uuid::Uuid::nil()),
            member: UserId::from(uuid::Uuid::nil()),
            amount: available,
            at: Timestamp::UNIX_EPOCH,
            plan_version: None,
            reverses: None,
            earned_sign,
            withdrawn_sign: 0,
        };
        EntryBuilder::new().post(other.0, other.1).post(Account::Available, available).build(header).expect("balanced")
    }

    #[test]
    fn an_overflow_or_overdraft_is_refused_before_it_is_posted() {
        let max = Money::MAX;
        let min = max.neg().expect("fits");
        let empty = WalletBalances::empty(UserId::from(uuid::Uuid::nil()));
        let (full, _) = empty.apply(&entry(0, max, (Account::Bank, min))).expect("fits");
        assert_eq!(full.balance(), Ok(max));
        let one = Money::from_paise(1);
        let more = entry(0, one, (Account::Bank, Money::from_paise(-1)));
        assert!(matches!(full.apply(&more), Err(LedgerError::Money(_))));
        // Each account fits, the balance of both does not.
        let held = WalletBalances { held: one, ..WalletBalances::empty(empty.user_id) };
        assert!(matches!(held.apply(&entry(0, max, (Account::Bank, min))), Err(LedgerError::Money(_))));
        // The balance fits, the total earned does not.
        let at_max_earned = WalletBalances { total_earned: max, ..WalletBalances::empty(empty.user_id) };
        let bonus = entry(1, one, (Account::ReferralExpense, Money::from_paise(-1)));
        assert!(matches!(at_max_earned.apply(&bonus), Err(LedgerError::Money(_))));
        let pair_void = entry(-1, Money::from_paise(-1), (Account::PairExpense, one));
        assert_eq!(empty.apply(&pair_void), Err(LedgerError::Overdrawn(Account::Available)));
    }
}
