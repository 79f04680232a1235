//! Journal entries: two or more postings for one cause, which add up to zero.

use super::{Account, LedgerError};
use domain::{Money, Timestamp, UserId};
use std::fmt;
use uuid::Uuid;

pub use proto_events::vocabulary::TransactionType;

macro_rules! declare_kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal by $file:ident::$rule:ident;)+) => {
        domain::text_enum! {
            /// The kind of an entry. Kind and cause id together identify the entry.
            pub enum EntryKind { $($(#[$doc])* $kind = $text,)+ }
        }
    };
}
entry_kinds!(declare_kinds);

/// The identity of an entry: its kind and its cause. Unique, so a replay finds the entry posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey {
    pub kind: EntryKind,
    pub cause: Uuid,
}
impl EntryKey {
    /// The key of the entry of `kind` for `cause`.
    pub const fn new(kind: EntryKind, cause: Uuid) -> Self {
        Self { kind, cause }
    }
}
impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.cause)
    }
}

/// One posting to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub account: Account,
    /// Signed: the amount added to the account.
    pub amount: Money,
    /// Type and description of a line that the member sees as a transaction; `None` for an internal posting.
    pub statement_line: Option<(TransactionType, String)>,
}

/// The fields of an entry besides its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryHeader {
    pub key: EntryKey,
    /// The only member that the entry may post to.
    pub member: UserId,
    /// The amount of the cause; a reversal copies it.
    pub amount: Money,
    /// The time of the cause.
    pub at: Timestamp,
    pub plan_version: Option<u32>,
    pub reverses: Option<EntryKey>,
    /// The sign of the amount in the member's total earned: 1, -1 or 0.
    pub earned_sign: i64,
    /// The sign of the amount in the member's total withdrawn: 1, -1 or 0.
    pub withdrawn_sign: i64,
}

/// A balanced journal entry of 2 to 16 postings; no other can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    header: EntryHeader,
    lines: Vec<Posting>,
}

/// The number of a line takes the last four bits of a transaction id.
const MAX_LINES: usize = 16;

impl JournalEntry {
    /// Errors with `PostingCount` when there are not 2 to 16 postings, `Unbalanced` when they do not add up to zero.
    pub fn try_new(header: EntryHeader, lines: Vec<Posting>) -> Result<Self, LedgerError> {
        if lines.len() < 2 || lines.len() > MAX_LINES {
            return Err(LedgerError::PostingCount(lines.len()));
        }
        let sum = Money::total(lines.iter().map(|l| l.amount))?;
        if !sum.is_zero() {
            return Err(LedgerError::Unbalanced(sum));
        }
        Ok(Self { header, lines })
    }
    /// The fields besides the postings.
    pub fn header(&self) -> &EntryHeader {
        &self.header
    }
    /// The postings, in order.
    pub fn lines(&self) -> &[Posting] {
        &self.lines
    }
}

/// Builder of a journal entry.
#[derive(Debug, Default)]
pub struct EntryBuilder(Vec<Posting>);

impl EntryBuilder {
    /// A builder without postings.
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds a posting that the member does not see; one of zero is left out.
    #[must_use]
    pub fn post(mut self, account: Account, amount: Money) -> Self {
        if !amount.is_zero() {
            self.0.push(Posting { account, amount, statement_line: None });
        }
        self
    }
    /// Adds a posting that the member sees as a transaction, also one of zero, which shows that nothing was credited.
    #[must_use]
    pub fn post_visible(mut self, account: Account, amount: Money, kind: TransactionType, text: String) -> Self {
        self.0.push(Posting { account, amount, statement_line: Some((kind, text)) });
        self
    }
    /// Builds the entry. Errors as [`JournalEntry::try_new`] does.
    pub fn build(self, header: EntryHeader) -> Result<JournalEntry, LedgerError> {
        JournalEntry::try_new(header, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> EntryHeader {
        EntryHeader {
            key: EntryKey::new(EntryKind::Deposit, Uuid::from_u128(1)),
            member: UserId::from(Uuid::from_u128(2)),
            amount: Money::from_rupees(1),
            at: Timestamp::UNIX_EPOCH,
            plan_version: None,
            reverses: None,
            earned_sign: 0,
            withdrawn_sign: 0,
        }
    }

    #[test]
    fn an_entry_that_does_not_add_up_cannot_be_built() {
        let one = Money::from_paise(1);
        let off = EntryBuilder::new().post(Account::Bank, one).post(Account::Available, one).build(header());
        assert_eq!(off, Err(LedgerError::Unbalanced(Money::from_paise(2))));
        let single = EntryBuilder::new().post(Account::Bank, Money::ZERO).build(header());
        assert_eq!(single, Err(LedgerError::PostingCount(0)));
        let overflow =
            EntryBuilder::new().post(Account::Bank, Money::MAX).post(Account::Available, one).build(header());
        assert!(matches!(overflow, Err(LedgerError::Money(_))));
        let mut seventeen = EntryBuilder::new();
        for _ in 0..17 {
            seventeen =
                seventeen.post_visible(Account::Available, Money::ZERO, TransactionType::Reversal, String::new());
        }
        assert_eq!(seventeen.build(header()), Err(LedgerError::PostingCount(17)));
    }
}
