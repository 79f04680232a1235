//! A member's balances: the cached fold of their postings.

use super::{Account, Entry, LedgerError, TransactionType};
use domain::{Money, Timestamp, UserId};

/// A member's wallet. No balance is ever below zero; what the member owes is `clawback_due`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub user_id: UserId,
    pub available: Money,
    pub held: Money,
    pub emi_reserve: Money,
    pub reserve: Money,
    pub clawback_due: Money,
    pub total_earned: Money,
    pub total_withdrawn: Money,
    /// How many lines the member has seen: the number of the last.
    pub transactions: i64,
    pub version: i64,
    pub changed_at: Timestamp,
}

/// A line with what it made of the account, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLine {
    pub account: Account,
    pub amount: Money,
    /// The account's balance after the line; none for accounts of the company, which nobody counts up.
    pub account_after: Option<Money>,
    pub seen_as: Option<TransactionLine>,
}

/// What a member sees of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionLine {
    pub kind: TransactionType,
    /// Gap-free per member, from 1.
    pub number: i64,
    /// Available and held together.
    pub balance_before: Money,
    pub description: String,
}

impl Wallet {
    /// A wallet nothing has happened to.
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

    /// Available and held.
    pub fn balance(&self) -> Result<Money, LedgerError> {
        Ok(self.available.add(self.held)?)
    }

    /// The wallet after `entry`, and the lines as they are to be stored; an error leaves it as it was.
    pub fn after(&self, entry: &Entry) -> Result<(Self, Vec<RecordedLine>), LedgerError> {
        let mut next = self.clone();
        let mut recorded = Vec::with_capacity(entry.lines().len());
        for line in entry.lines() {
            let balance_before = next.balance()?;
            let account_after = next.add(line.account, line.amount)?;
            let seen_as = line.seen_as.as_ref().map(|(kind, description)| {
                next.transactions += 1;
                TransactionLine {
                    kind: *kind,
                    number: next.transactions,
                    balance_before,
                    description: description.clone(),
                }
            });
            recorded.push(RecordedLine { account: line.account, amount: line.amount, account_after, seen_as });
        }
        let header = entry.header();
        next.total_earned = next.total_earned.add(header.amount.times(header.key.kind.earns())?)?;
        next.total_withdrawn = next.total_withdrawn.add(header.amount.times(header.key.kind.withdraws())?)?;
        if let Some(account) = next.overdrawn() {
            return Err(LedgerError::Overdrawn(account));
        }
        // What cannot be shown must not be posted: the two could fit each, and their sum not.
        next.balance()?;
        Ok((next, recorded))
    }

    /// Adds to one account; answers its signed balance, or none for an account of the company.
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
    use crate::domain::entry::{EntryKey, EntryKind, Header, Lines};

    fn entry(kind: EntryKind, available: Money, other: (Account, Money)) -> Entry {
        let key = EntryKey::new(kind, uuid::Uuid::nil());
        let member = UserId::from(uuid::Uuid::nil());
        let (at, plan_version, reverses) = (Timestamp::UNIX_EPOCH, None, None);
        let header = Header { key, member, amount: available, at, plan_version, reverses };
        Lines::new().book(other.0, other.1).book(Account::Available, available).entry(header).expect("balanced")
    }

    #[test]
    fn what_no_longer_fits_is_refused_before_it_is_kept() {
        let most = Money::MAX;
        let less = most.neg().expect("fits");
        let empty = Wallet::empty(UserId::from(uuid::Uuid::nil()));
        let (full, _) = empty.after(&entry(EntryKind::Deposit, most, (Account::Bank, less))).expect("fits");
        assert_eq!(full.balance(), Ok(most));
        let one = Money::from_paise(1);
        let more = entry(EntryKind::Deposit, one, (Account::Bank, Money::from_paise(-1)));
        assert!(matches!(full.after(&more), Err(LedgerError::Money(_))));
        // Each account fits, the balance of both does not.
        let held = Wallet { held: one, ..Wallet::empty(empty.user_id) };
        assert!(matches!(
            held.after(&entry(EntryKind::Deposit, most, (Account::Bank, less))),
            Err(LedgerError::Money(_))
        ));
        // The balance fits, what was ever earned does not.
        let rich = Wallet { total_earned: most, ..Wallet::empty(empty.user_id) };
        let bonus = entry(EntryKind::Referral, one, (Account::ReferralExpense, Money::from_paise(-1)));
        assert!(matches!(rich.after(&bonus), Err(LedgerError::Money(_))));
        let owing = entry(EntryKind::PairVoid, Money::from_paise(-1), (Account::PairExpense, one));
        assert_eq!(empty.after(&owing), Err(LedgerError::Overdrawn(Account::Available)));
    }
}
