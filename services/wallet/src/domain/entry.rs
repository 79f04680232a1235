//! A journal entry: two or more postings that add up to zero, for one cause.

use super::{Account, LedgerError};
use domain::{Money, Timestamp, UserId};
use std::fmt;
use uuid::Uuid;

domain::text_enum! {
    /// What an entry is for. Together with the cause's id it identifies the entry for ever.
    pub enum EntryKind {
        Referral = "referral",
        ReferralReversal = "referral_reversal",
        Pair = "pair",
        PairVoid = "pair_void",
        /// A payment given back.
        Refund = "refund",
        /// Money captured that no booking could take.
        Return = "return",
        /// A credit that the gateway has paid back at its source as well.
        RefundClawback = "refund_clawback",
        BookingPayment = "booking_payment",
        Hold = "hold",
        Capture = "capture",
        Release = "release",
        PayoutCompletion = "payout_completion",
        PayoutFailure = "payout_failure",
        PayoutReversal = "payout_reversal",
        EmiApplication = "emi_application",
        EmiRelease = "emi_release",
        Deposit = "deposit",
        ReserveRelease = "reserve_release",
        Adjustment = "adjustment",
    }
}

domain::text_enum! {
    /// What a line is to the member who sees it.
    pub enum TransactionType {
        ReferralBonus = "REFERRAL_BONUS",
        BinaryPair = "BINARY_PAIR",
        EmiDeduction = "EMI_DEDUCTION",
        ReserveDeduction = "RESERVE_DEDUCTION",
        Payout = "PAYOUT",
        Deposit = "DEPOSIT",
        Refund = "REFUND",
        EmiRelease = "EMI_RELEASE",
        ReserveRelease = "RESERVE_RELEASE",
        BookingPayment = "BOOKING_PAYMENT",
        Reversal = "REVERSAL",
        Clawback = "CLAWBACK",
        Adjustment = "ADJUSTMENT",
    }
}

/// The identity of an entry: what caused it. Unique for ever, so a replay finds it posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey {
    pub kind: EntryKind,
    pub cause: Uuid,
}
impl EntryKey {
    pub const fn new(kind: EntryKind, cause: Uuid) -> Self {
        Self { kind, cause }
    }
}
impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.cause)
    }
}

impl EntryKind {
    /// What kind of thing the cause is, for `reference` in the API.
    pub const fn reference(self) -> &'static str {
        match self {
            Self::Referral | Self::ReferralReversal | Self::BookingPayment => "payment",
            Self::Pair | Self::PairVoid => "pair",
            Self::Refund => "refund",
            Self::Return => "return",
            Self::RefundClawback => "clawback",
            Self::Hold
            | Self::Capture
            | Self::Release
            | Self::PayoutCompletion
            | Self::PayoutFailure
            | Self::PayoutReversal => "payout",
            Self::EmiApplication | Self::EmiRelease => "emi",
            Self::Deposit => "deposit",
            Self::ReserveRelease => "reserve_release",
            Self::Adjustment => "adjustment",
        }
    }
    /// Which way the entry's amount counts in what the member has earned: 1, -1 or 0.
    pub const fn earns(self) -> i64 {
        if matches!(self, Self::Referral | Self::Pair) {
            1
        } else if matches!(self, Self::ReferralReversal | Self::PairVoid) {
            -1
        } else {
            0
        }
    }
    /// Which way the entry's amount counts in what the member has withdrawn: 1, -1 or 0.
    pub const fn withdraws(self) -> i64 {
        if matches!(self, Self::PayoutCompletion) {
            1
        } else if matches!(self, Self::PayoutReversal) {
            -1
        } else {
            0
        }
    }
}

/// One posting. A line with a type is one the member sees as a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub account: Account,
    /// Signed: what is added to the account.
    pub amount: Money,
    pub seen_as: Option<(TransactionType, String)>,
}

/// What an entry says besides its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub key: EntryKey,
    /// The one member whose accounts the entry may touch.
    pub member: UserId,
    /// The whole amount the cause is about; a reversal copies it.
    pub amount: Money,
    /// When the cause happened.
    pub at: Timestamp,
    pub plan_version: Option<u32>,
    pub reverses: Option<EntryKey>,
}

/// A balanced entry. There is no way to have one that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    header: Header,
    lines: Vec<Line>,
}

/// A line's number has to fit the last four bits of a transaction's id.
const MAX_LINES: usize = 16;

impl Entry {
    pub fn try_new(header: Header, lines: Vec<Line>) -> Result<Self, LedgerError> {
        if lines.len() < 2 || lines.len() > MAX_LINES {
            return Err(LedgerError::Shape(lines.len()));
        }
        let sum = Money::total(lines.iter().map(|l| l.amount))?;
        if !sum.is_zero() {
            return Err(LedgerError::Unbalanced(sum));
        }
        Ok(Self { header, lines })
    }
    pub fn header(&self) -> &Header {
        &self.header
    }
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

/// Collects the postings of an entry, leaving out those that move nothing and that nobody sees.
#[derive(Debug, Default)]
pub struct Lines(Vec<Line>);

impl Lines {
    pub fn new() -> Self {
        Self::default()
    }
    /// A posting that is only in the books.
    #[must_use]
    pub fn book(mut self, account: Account, amount: Money) -> Self {
        if !amount.is_zero() {
            self.0.push(Line { account, amount, seen_as: None });
        }
        self
    }
    /// A posting to the balance that the member sees, even one of zero: it says why nothing came.
    #[must_use]
    pub fn show(mut self, account: Account, amount: Money, kind: TransactionType, text: String) -> Self {
        self.0.push(Line { account, amount, seen_as: Some((kind, text)) });
        self
    }
    pub fn entry(self, header: Header) -> Result<Entry, LedgerError> {
        Entry::try_new(header, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            key: EntryKey::new(EntryKind::Deposit, Uuid::from_u128(1)),
            member: UserId::from(Uuid::from_u128(2)),
            amount: Money::from_rupees(1),
            at: Timestamp::UNIX_EPOCH,
            plan_version: None,
            reverses: None,
        }
    }

    #[test]
    fn an_entry_that_does_not_add_up_cannot_be_built() {
        let one = Money::from_paise(1);
        let off = Lines::new().book(Account::Bank, one).book(Account::Available, one).entry(header());
        assert_eq!(off, Err(LedgerError::Unbalanced(Money::from_paise(2))));
        let single = Lines::new().book(Account::Bank, Money::ZERO).entry(header());
        assert_eq!(single, Err(LedgerError::Shape(0)));
        let overflow = Lines::new().book(Account::Bank, Money::MAX).book(Account::Available, one).entry(header());
        assert!(matches!(overflow, Err(LedgerError::Money(_))));
        let mut seventeen = Lines::new();
        for _ in 0..17 {
            seventeen = seventeen.show(Account::Available, Money::ZERO, TransactionType::Reversal, String::new());
        }
        assert_eq!(seventeen.entry(header()), Err(LedgerError::Shape(17)));
    }
}
